package engine

import (
	"context"
	"sync"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// probing is what is known of the checks of probes while the run goes on.
type probing struct {
	world probe.World
	// begun is closed when the steady window begins, so that the first check of each probe is part of it.
	begun chan struct{}
	// start is done when the steady window is over: probes that are for the start only are not checked any more.
	start    context.Context
	endStart context.CancelFunc

	mu     sync.Mutex
	counts map[string]checked
	// moved is closed and made anew by each check.
	moved chan struct{}
}

// checked counts the checks of one probe, and has the message of the newest that did not hold.
type checked struct {
	checks, failures, unknown uint64
	message                   string
}

func newProbing(ctx context.Context, world probe.World) *probing {
	p := &probing{world: world, begun: make(chan struct{}), counts: map[string]checked{}, moved: make(chan struct{})}
	p.start, p.endStart = context.WithCancel(ctx)
	return p
}

func (p *probing) add(c event.ProbeChecked) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.counts[c.Name]
	now.checks++
	switch {
	case c.Unknown:
		now.unknown++
		now.message = c.Message
	case !c.OK:
		now.failures++
		now.message = c.Message
	}
	p.counts[c.Name] = now
	close(p.moved)
	p.moved = make(chan struct{})
}

// of is what is known of a probe, and a channel that is closed when more is.
func (p *probing) of(name string) (checked, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[name], p.moved
}

// watchProbe checks a probe from the beginning of the steady window on: until the first fault where it is for the start
// only, else until ctx ends.
func (r *Run) watchProbe(ctx context.Context, p experiment.Probe, watches *aborts) {
	if p.Mode == experiment.ProbeEnd {
		return
	}
	select {
	case <-r.probing.begun:
	case <-ctx.Done():
		return
	}
	var moment event.Moment
	if p.Mode.AssertsStart() {
		ctx, moment = r.probing.start, event.Before
	}
	probe.Run(ctx, p, r.probing.world, func(c event.ProbeChecked) {
		c.Moment = moment
		r.Log.Record(c)
		r.probing.add(c)
		watches.check(c, r.Log.Now())
	})
}

// deafness is how long the first check of a probe is waited for beyond its timeout, should it not heed that.
const deafness = 5 * time.Second

// steadyProbes stops a run of which a probe does not hold that must before the first fault, or of which an expectation
// speaks that would be missed already.
func (r *Run) steadyProbes(ctx context.Context) error {
	defer r.probing.endStart()
	for _, p := range r.Plan.Experiment.Spec.Probes {
		atLeast, asked := r.steadyChecks(p)
		if !asked {
			continue
		}
		c, err := r.firstCheck(ctx, p)
		if err != nil {
			return err
		}
		switch {
		case c.checks == 0:
			return notSteady("no check of the probe %s ended in the baseline window", p.Name)
		case p.Mode.AssertsStart() && c.unknown > 0 || c.unknown == c.checks:
			return notSteady("the probe %s could not measure %d of %d times before any fault: %s", p.Name, c.unknown, c.checks, c.message)
		case c.failures > verdict.AllowedFailures(atLeast, c.checks):
			return notSteady("the probe %s did not hold %d of %d times before any fault, where %s must: %s", p.Name, c.failures, c.checks, atLeast, c.message)
		}
	}
	return nil
}

// steadyChecks is the share of the checks of a probe that must hold in the baseline: all where it asserts, else what
// expectations ask for.
func (r *Run) steadyChecks(p experiment.Probe) (bound experiment.Percent, asked bool) {
	if p.Mode.AssertsStart() {
		return 1, true
	}
	for _, e := range r.Plan.Experiment.Spec.Expect {
		if s, ok := e.Params.(verdict.SteadyProbe); ok {
			if name, atLeast := s.SteadyChecks(); name == p.Name {
				bound, asked = max(bound, atLeast), true
			}
		}
	}
	return bound, asked
}

// firstCheck is what is known of a probe, once it has been checked at all.
func (r *Run) firstCheck(ctx context.Context, p experiment.Probe) (checked, error) {
	late := time.NewTimer(p.Timeout.Std() + deafness)
	defer late.Stop()
	for {
		c, moved := r.probing.of(p.Name)
		if c.checks > 0 {
			return c, nil
		}
		select {
		case <-moved:
		case <-late.C:
			return c, nil
		case <-ctx.Done():
			return c, stopOf(ctx)
		}
	}
}

// endProbes checks once what must hold after the recovery. What a bug keeps from being checked is not known to hold.
func (r *Run) endProbes(ctx context.Context) {
	var wait sync.WaitGroup
	for _, p := range r.Plan.Experiment.Spec.Probes {
		if !p.Mode.AssertsEnd() {
			continue
		}
		r.spawn(&wait, func(error) {}, func() {
			if c, ended := probe.Once(ctx, p, r.probing.world); ended {
				c.Moment = event.After
				r.Log.Record(c)
			}
		})
	}
	wait.Wait()
}
