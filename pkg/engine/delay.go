package engine

import (
	"context"
	"runtime/debug"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// delayWrites is how often the delay of the watches is measured in the baseline window, spread over all of it.
const delayWrites = 20

// watchDelay begins to measure how late watches are (G15), before any fault, so that what recoveries are made of has a
// resolution. The caller calls done at the end of the window. A delay that cannot be measured, because the API server does not
// answer, is missing from the log.
func (r *Run) watchDelay(ctx context.Context) (done func()) {
	if r.WatchDelays == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	measured := make(chan []time.Duration, 1)
	go func() {
		tick := time.NewTicker(max(r.Plan.Experiment.Spec.Steady.For.Std()/delayWrites, time.Millisecond))
		defer tick.Stop()
		var all []time.Duration
		defer func() {
			// A run can do without this figure: a bug in it is told, and ends nothing.
			if p := recover(); p != nil {
				r.warn("internal error: %v\n%s", p, debug.Stack())
			}
			measured <- all
		}()
		_ = r.WatchDelays(ctx, tick.C, func(d time.Duration) { all = append(all, d) })
	}()
	return func() {
		cancel()
		if all := <-measured; len(all) > 0 {
			slices.Sort(all)
			r.Log.Record(event.WatchMeasured{Writes: len(all), Median: all[len(all)/2].Seconds(), Max: all[len(all)-1].Seconds()})
		}
	}
}
