package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/timeline"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// recovery waits until the target has converged and stayed so, or the patience ends. Its window is open already.
func (r *Run) recovery(ctx context.Context) error {
	spec := r.Plan.Experiment.Spec.Recovery
	ended := event.PhaseEnded{Phase: event.Recovery}
	start := r.Log.Now()
	patience := time.Now().Add(spec.Timeout.Std())
	stop := r.followDeclared(ctx)
	since, err := r.awaitConverged(ctx, spec.Timeout.Std(), spec.StableFor.Std())
	if err == nil {
		err = r.awaitDeclared(ctx, patience)
	}
	stop()
	switch {
	case err == nil:
		ended.Complete, ended.Converged = true, since
		r.Applier.Wait()
	case errors.Is(err, errNotConverged):
		ended.Reason = err.Error()
		err = nil
	default:
		ended.Reason = err.Error()
	}
	r.Log.Record(ended)
	r.windowEnded(verdict.Recovery, start)
	if err == nil {
		r.snapshot(ctx, event.After)
		r.endProbes(ctx)
		r.askQueries(ctx)
	}
	return err
}

// errNotConverged says that the patience with the target ended.
var errNotConverged = errors.New("not converged")

// margin is longer than a bucket of the tallies, in which the stable window after the first answer of a new pod is looked for.
const margin = 250 * time.Millisecond

const (
	// glance is how often it is looked whether the new pods have answered.
	glance = 50 * time.Millisecond
	// sure is how many requests for each pod of the target leave out one of n pods, all of which are as likely, with a
	// probability of less than one in a million: (1-1/n)^(14n) < exp(-14).
	sure = 14
)

// awaitConverged returns once the target was converged for the time stable, with the instant from which on it was. That time
// begins with the first answers of the pods that are new, with which the recovery from their predecessors' loss ends. The
// error is errNotConverged after timeout, with what is amiss.
func (r *Run) awaitConverged(ctx context.Context, timeout, stable time.Duration) (since event.Instant, err error) {
	patient, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var doubt error
	for {
		state, moved := r.recorder.State()
		if state.Converged() {
			since = r.Log.Now()
			if r.answered(patient, moved, since) && still(patient, moved, stable+margin) {
				if doubt = r.confirm(patient); doubt == nil {
					return since, nil
				}
			}
		} else {
			doubt = fmt.Errorf("%d of %d replicas are ready", state.Status.Ready, state.Status.Desired)
			still(patient, moved, timeout)
		}
		switch {
		case ctx.Err() != nil:
			return 0, stopOf(ctx)
		case patient.Err() != nil:
			if state.Converged() && doubt != nil {
				// What it says is not what is there, or nobody knows.
				r.Log.Record(event.WatchInterrupted{Resource: timeline.PodsResource, Reason: doubt.Error()})
			}
			return 0, fmt.Errorf("%w within %s: %w", errNotConverged, timeout, cmp.Or(doubt, errRestless))
		}
	}
}

// errRestless is what is amiss where nothing is but that it did not last.
var errRestless = errors.New("it was for an instant, and did not stay so")

// still waits for a time; false if something moved in it, or ctx ended.
func still(ctx context.Context, moved <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-moved:
	case <-ctx.Done():
	case <-timer.C:
		return true
	}
	return false
}

// answered waits until each new pod has answered a request since an instant, or as many requests ended as would have reached it
// all but surely if it is reached at all, or the patience ends: a pod may be one that gets none. It is false if something moved.
func (r *Run) answered(ctx context.Context, moved <-chan struct{}, since event.Instant) bool {
	begun := r.answers.count()
	enough := begun + sure*uint64(max(1, r.Plan.Workload.Status.Desired))
	for latest := time.Now().Add(patience); ; {
		if len(r.Plan.Experiment.Spec.Load) == 0 || r.answers.all(r.recorder.Newcomers(), since) || r.answers.count() >= enough || time.Now().After(latest) {
			return true
		}
		if !still(ctx, moved, glance) {
			return false
		}
	}
}

// confirm reads the target anew, by a request of its own. A watch whose connection is dead says nothing for as long as nobody
// notices, and what it said last would be taken for the present.
func (r *Run) confirm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
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
