package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/timeline"
)

// Run carries a plan out. Its record goes to the log and the samples; Applier sends the changes.
type Run struct {
	Plan    *Plan
	Log     *event.Log
	Samples *load.Writer
	Applier *apply.Applier
	// Observe is told of every request, for live views; it may be nil. It is called by several goroutines at once.
	Observe func(load.Sample)

	recorder *timeline.Recorder
	baseline baseline
}

// Stop is the reason for which a run ended before its end.
type Stop struct {
	// Outcome is one of the event package's.
	Outcome string
	Reason  string
	err     error
}

func (s *Stop) Error() string { return s.Reason }

func (s *Stop) Unwrap() error { return s.err }

// Do runs all phases. Whatever happens, what was changed is undone before Do returns, and the log is closed by an event
// that says how the run ended. When ctx is cancelled the run stops injecting, undoes and returns (G7). The error is a
// *Stop where the run did not reach its end, and nil otherwise; whether expectations were met is not its business.
func (r *Run) Do(ctx context.Context) (err error) {
	defer func() {
		ended := event.RunEnded{}
		var stop *Stop
		if errors.As(err, &stop) {
			ended = event.RunEnded{Outcome: stop.Outcome, Reason: stop.Reason}
		}
		r.Log.Record(ended)
	}()
	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	observers, err := r.observe(run, cancel)
	if err != nil {
		cancel(nil)
		observers.Wait()
		return &Stop{Outcome: event.Failed, Reason: err.Error(), err: err}
	}
	err = r.phases(run)
	cancel(nil)
	observers.Wait()
	return err
}

// phases goes through the three windows. The undo is not left to a path that could be missed: it comes after every
// end of the fault window, a panic's too.
func (r *Run) phases(ctx context.Context) error {
	if err := r.phase(ctx, event.Steady, r.steady); err != nil {
		return err
	}
	if err := r.phase(ctx, event.Fault, func(ctx context.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = &Stop{Outcome: event.Failed, Reason: fmt.Sprintf("internal error: %v", p)}
			}
			r.Applier.UndoAll(ctx)
		}()
		return r.faults(ctx)
	}); err != nil {
		return err
	}
	return r.recovery(ctx)
}

// phase brackets a window with its events.
func (r *Run) phase(ctx context.Context, name event.Phase, do func(context.Context) error) error {
	r.Log.Record(event.PhaseStarted{Phase: name})
	err := do(ctx)
	ended := event.PhaseEnded{Phase: name, Complete: err == nil}
	if err != nil {
		ended.Reason = err.Error()
	}
	r.Log.Record(ended)
	return err
}

// faults injects on schedule and returns when the window is over.
func (r *Run) faults(ctx context.Context) error {
	start := time.Now()
	var wait sync.WaitGroup
	errs := make([]error, len(r.Plan.Injections))
	for n := range r.Plan.Injections {
		wait.Go(func() { errs[n] = r.inject(ctx, start, &r.Plan.Injections[n]) })
	}
	err := waitUntil(ctx, start.Add(r.Plan.Experiment.Spec.FaultWindow()))
	wait.Wait()
	if err != nil {
		return err
	}
	for n, err := range errs {
		if err != nil {
			r.warn("fault %s: %v", r.Plan.Injections[n].ID(), err)
		}
	}
	return nil
}

// inject waits for the fault's time, plans it for the world as it is then, applies it, and takes it back when its own
// duration ends before the window does.
func (r *Run) inject(ctx context.Context, start time.Time, i *Injection) error {
	if err := waitUntil(ctx, start.Add(i.At)); err != nil {
		return err
	}
	changes, err := r.Plan.changes(ctx, i)
	if err != nil {
		return err
	}
	changes = r.keepToPlan(i, changes)
	err = r.Applier.Apply(ctx, changes)
	if i.For == 0 {
		return err
	}
	_ = waitUntil(ctx, start.Add(i.At+i.For))
	r.undo(ctx, changes)
	return err
}

// undo takes back the changes of one injection.
func (r *Run) undo(ctx context.Context, changes []inject.Change) {
	ids := map[string]bool{}
	for _, c := range changes {
		ids[c.ID] = true
	}
	r.Applier.Undo(ctx, func(c *inject.Change) bool { return ids[c.ID] })
}

// keepToPlan compares what a fault would do now with what the plan showed. Where the world has moved it says so; a fault
// whose targets are fixed then acts on what is left of the plan.
func (r *Run) keepToPlan(i *Injection, now []inject.Change) []inject.Change {
	if i.Number > 0 {
		return now
	}
	key := func(c *inject.Change) string { return c.ID + " " + string(c.Object.UID) }
	shown := map[string]bool{}
	for n := range i.Changes {
		shown[key(&i.Changes[n])] = true
	}
	var left []inject.Change
	for n := range now {
		if shown[key(&now[n])] {
			left = append(left, now[n])
		}
	}
	if len(left) == len(now) && len(left) == len(i.Changes) {
		return now
	}
	if i.Fault.Targets == experiment.Follow {
		r.warn("fault %s: the world has moved since the plan was shown; chosen anew (targets: follow), it changes %d objects", i.ID(), len(now))
		return now
	}
	r.warn("fault %s: the world has moved since the plan was shown; %d of its %d changes are left (targets: fixed)", i.ID(), len(left), len(i.Changes))
	return left
}

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

// waitUntil returns at the instant, or with the reason for which ctx ended.
func waitUntil(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return stopOf(ctx)
	}
}

// stopOf says why the run's context ended: an abort condition gives its own reason, else somebody interrupted.
func stopOf(ctx context.Context) error {
	var stop *Stop
	if errors.As(context.Cause(ctx), &stop) {
		return stop
	}
	return &Stop{Outcome: event.Interrupted, Reason: "interrupted", err: context.Cause(ctx)}
}

func (r *Run) warn(format string, args ...any) {
	r.Log.Record(event.Noted{Level: "warning", Message: fmt.Sprintf(format, args...)})
}
