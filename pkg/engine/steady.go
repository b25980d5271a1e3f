package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// baseline counts requests by load, from the start of the streams, which is that of the steady window.
type baseline struct {
	mu     sync.Mutex
	counts map[string]count
}

type count struct{ requests, failures uint64 }

func (b *baseline) add(name string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.counts[name]
	c.requests++
	if !ok {
		c.failures++
	}
	b.counts[name] = c
}

func (b *baseline) of(name string) count {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts[name]
}

// steady waits for the baseline window, and stops a run whose system is not well to begin with: a fault would prove
// nothing, and might do harm.
func (r *Run) steady(ctx context.Context) error {
	close(r.probing.begun)
	measured := r.watchDelay(ctx)
	err := waitUntil(ctx, time.Now().Add(r.Plan.Experiment.Spec.Steady.For.Std()))
	measured()
	if err != nil {
		return err
	}
	if state, _ := r.recorder.State(); !state.Converged() {
		s := state.Status
		return notSteady("%s is not converged: %d desired, %d ready, %d updated, %d terminating", r.Plan.Workload, s.Desired, s.Ready, s.Updated, state.Terminating)
	}
	for i, l := range r.Plan.Experiment.Spec.Load {
		c := r.baseline.of(l.Name)
		atLeast := r.steadyBound(l)
		first, asked := load.ProfileOf(l.StreamShape()).Due(0)
		switch {
		case !asked || first > 0 && first >= r.Plan.Experiment.Spec.Steady.For.Std():
			// Its profile begins with a pause, so that it says nothing of the baseline.
		case c.requests == 0:
			return notSteady("no request to %s ended in the baseline window", r.Plan.Routes[i].URL)
		case c.failures > verdict.AllowedFailures(atLeast, c.requests):
			return notSteady("%d of %d requests to %s failed before any fault, where %s must succeed",
				c.failures, c.requests, r.Plan.Routes[i].URL, atLeast)
		}
	}
	return r.steadyProbes(ctx)
}

// minSteady is what the baseline must reach where no expectation asks for more.
const minSteady experiment.Percent = 0.5

func (r *Run) steadyBound(l experiment.Load) experiment.Percent {
	bound := minSteady
	for _, e := range r.Plan.Experiment.Spec.Expect {
		if b, ok := e.Params.(verdict.SteadyBound); ok {
			if name, atLeast := b.SteadyAvailability(); name == l.Name {
				bound = max(bound, atLeast)
			}
		}
	}
	return bound
}

func notSteady(format string, args ...any) error {
	return &Stop{Outcome: event.NotSteady, Reason: "steady state not reached: " + fmt.Sprintf(format, args...)}
}
