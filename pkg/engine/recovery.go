package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// recovery waits until the target has converged and stayed so, or the patience ends. Its window is open already.
func (r *Run) recovery(ctx context.Context) error {
	spec := r.Plan.Experiment.Spec.Recovery
	ended := event.PhaseEnded{Phase: event.Recovery}
	since, err := r.awaitConverged(ctx, spec.Timeout.Std(), spec.StableFor.Std())
	switch {
	case err == nil:
		ended.Complete, ended.Converged = true, since
		r.Applier.Wait()
	case errors.Is(err, errNotConverged):
		state, _ := r.recorder.State()
		ended.Reason = fmt.Sprintf("not converged within %s: %d of %d replicas are ready", spec.Timeout, state.Status.Ready, state.Status.Desired)
		err = nil
	default:
		ended.Reason = err.Error()
	}
	r.Log.Record(ended)
	if err == nil {
		r.snapshot(ctx, event.After)
		r.endProbes(ctx)
	}
	return err
}

// errNotConverged says that the patience with the target ended.
var errNotConverged = errors.New("not converged")

// margin lets the first request to a new pod, which comes after its readiness, be followed by a whole stable window too.
const margin = time.Second

// awaitConverged returns once the target was converged for the time stable, with the instant from which on it was. The
// error is errNotConverged after timeout.
func (r *Run) awaitConverged(ctx context.Context, timeout, stable time.Duration) (since event.Instant, err error) {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for {
		state, moved := r.recorder.State()
		var settled <-chan time.Time
		if state.Converged() {
			since = r.Log.Now()
			settled = time.After(stable + margin)
		}
		select {
		case <-moved:
		case <-settled:
			return since, nil
		case <-deadline.C:
			return 0, errNotConverged
		case <-ctx.Done():
			return 0, stopOf(ctx)
		}
	}
}
