package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// recovery waits until the target has converged and stayed so, or the patience ends.
func (r *Run) recovery(ctx context.Context) error {
	spec := r.Plan.Experiment.Spec.Recovery
	complete := false
	r.Log.Record(event.PhaseStarted{Phase: event.Recovery})
	err := r.awaitConverged(ctx, spec.Timeout.Std(), spec.StableFor.Std())
	reason := ""
	switch {
	case err == nil:
		complete = true
		r.Applier.Wait()
	case errors.Is(err, context.DeadlineExceeded):
		state, _ := r.recorder.State()
		reason = fmt.Sprintf("not converged within %s: %d of %d replicas are ready", spec.Timeout, state.Status.Ready, state.Status.Desired)
		err = nil
	default:
		reason = err.Error()
	}
	r.Log.Record(event.PhaseEnded{Phase: event.Recovery, Complete: complete, Reason: reason})
	return err
}

// margin lets the first request to a new pod, which comes after its readiness, be followed by a whole stable window too.
const margin = time.Second

// awaitConverged returns nil once the target was converged for the time stable, and DeadlineExceeded after timeout.
func (r *Run) awaitConverged(ctx context.Context, timeout, stable time.Duration) error {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for {
		state, moved := r.recorder.State()
		var settled <-chan time.Time
		if state.Converged() {
			settled = time.After(stable + margin)
		}
		select {
		case <-moved:
		case <-settled:
			return nil
		case <-deadline.C:
			return context.DeadlineExceeded
		case <-ctx.Done():
			return stopOf(ctx)
		}
	}
}
