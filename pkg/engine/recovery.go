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
		ended.Reason = fmt.Sprintf("%v within %s", err, spec.Timeout)
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
// error is errNotConverged after timeout, with what is amiss.
func (r *Run) awaitConverged(ctx context.Context, timeout, stable time.Duration) (since event.Instant, err error) {
	until := time.Now().Add(timeout)
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	var doubt error
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
			if doubt = r.confirm(ctx, until); doubt == nil {
				return since, nil
			}
		case <-deadline.C:
			if doubt == nil || !state.Converged() {
				doubt = fmt.Errorf("%d of %d replicas are ready", state.Status.Ready, state.Status.Desired)
			}
			return 0, fmt.Errorf("%w: %w", errNotConverged, doubt)
		case <-ctx.Done():
			return 0, stopOf(ctx)
		}
	}
}

// confirm reads the target anew, by a request of its own, until an instant at the latest. A watch whose connection is dead says
// nothing for as long as nobody notices, and what it said last would be taken for the present.
func (r *Run) confirm(ctx context.Context, until time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, min(patience, time.Until(until)))
	defer cancel()
	w, err := r.Plan.connection.Workload(ctx, r.Plan.Experiment.Spec.Target)
	if err != nil {
		return fmt.Errorf("the target could not be read: %w", err)
	}
	s := w.Status
	if w.Kind == "" { // pods chosen by labels are as many as they were, or more
		s.Desired = r.Plan.Workload.Status.Desired
		s.Current, s.Updated, s.Available = s.Desired, s.Desired, s.Desired
		s.Ready = min(s.Ready, s.Desired)
	}
	if !s.Converged() {
		return fmt.Errorf("%d of %d replicas are ready, which the watch does not show", s.Ready, s.Desired)
	}
	return nil
}
