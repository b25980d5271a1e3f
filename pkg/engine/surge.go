package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// apart parts what the applier sends from the surges, which are requests of the engine's own: they leave nothing behind, in the
// cluster or anywhere, so that no journal has to know of them.
func apart(changes []inject.Change) (sent, surges []inject.Change) {
	for _, c := range changes {
		if c.Surge != nil {
			surges = append(surges, c)
		} else {
			sent = append(sent, c)
		}
	}
	return sent, surges
}

// startSurges offers the requests of surges until their injection is over, or the window.
func (r *Run) startSurges(window context.Context, cancel context.CancelCauseFunc, wait *sync.WaitGroup, start time.Time, i *Injection, surges []inject.Change) {
	for _, c := range surges {
		r.spawn(wait, cancel, func() {
			ctx, end := context.WithCancel(window)
			defer end()
			if i.For > 0 {
				var stop context.CancelFunc
				ctx, stop = context.WithDeadline(ctx, start.Add(i.At+i.For))
				defer stop()
			}
			r.surge(ctx, cancel, &c)
		})
	}
}

// surge offers requests until ctx ends. No sample of them is kept, and neither the baseline nor abort conditions see them. It is
// proved by the first answer, whatever that is, as long as this machine keeps up with the rate.
func (r *Run) surge(ctx context.Context, cancel context.CancelCauseFunc, c *inject.Change) {
	record := func(state event.ChangeState, format string, args ...any) {
		r.Log.Record(event.ChangeUpdated{ID: c.ID, Fault: c.Fault, Object: c.Object.Event(), Verb: c.Verb(), State: state, Message: fmt.Sprintf(format, args...)})
	}
	streams := r.Plan.surge(c)
	record(event.ChangeSent, "")
	record(event.ChangeApplied, "")
	var failed atomic.Uint64
	answered := sync.OnceFunc(func() { record(event.ChangeProved, "its requests are answered") })
	summaries := make([]load.Summary, len(streams))
	var wait sync.WaitGroup
	for n, s := range streams {
		r.spawn(&wait, cancel, func() {
			summaries[n] = s.Run(ctx, r.Log.Clock, func(sample load.Sample) {
				if !sample.OK() {
					failed.Add(1)
				}
				if sample.Status != 0 || sample.OK() {
					answered()
				}
			})
		})
	}
	wait.Wait()
	var requests uint64
	for _, s := range summaries {
		requests += s.Samples
		if s.Starved {
			record(event.ChangeUnproved, "this machine did not keep up with the rate")
		}
	}
	record(event.ChangeUndone, "%d requests, %d of which failed; none of them is among those that are judged", requests, failed.Load())
}

// surge are the streams of one: those of its load, at the rate of the surge.
func (p *Plan) surge(c *inject.Change) []load.Stream {
	loads := p.Experiment.Spec.Load
	i := slices.IndexFunc(loads, func(l experiment.Load) bool { return l.Name == c.Object.Name })
	if i < 0 {
		return nil // the loader has seen that there is one
	}
	l := loads[i]
	l.Rate, l.Profile = c.Surge.Rate, nil
	return p.streamsOf(i, l)
}
