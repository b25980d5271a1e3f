package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/timeline"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// Run carries a plan out. Its record goes to the log and the samples; Applier sends the changes.
type Run struct {
	Plan    *Plan
	Log     *event.Log
	Samples *load.Writer
	Applier *apply.Applier
	// Permit is asked before each injection; an error keeps it from happening. It may be nil.
	Permit func(context.Context) error
	// WatchDelays measures at each tick how late watches are, until ctx ends; see package lock. It may be nil.
	WatchDelays func(ctx context.Context, tick <-chan time.Time, observe func(time.Duration)) error
	// Observe is told of every request, for live views; it may be nil. It is called by several goroutines at once.
	Observe func(load.Sample)

	recorder *timeline.Recorder
	baseline baseline
	answers  answers
	probing  *probing
	// windows are those of the run, as far as they are over.
	windows map[verdict.Window]verdict.Span
	// declared is nil where no expectation asks about what is declared.
	declared *declaration
}

// Stop is the reason for which a run ended before its end.
type Stop struct {
	// Outcome is one of the event package's.
	Outcome string
	Reason  string
	// Condition is the path of the abort condition that came true; empty where none did.
	Condition string
	err       error
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
			ended = event.RunEnded{Outcome: stop.Outcome, Reason: stop.Reason, Condition: stop.Condition}
		}
		r.Log.Record(ended)
	}()
	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	observers, err := r.observe(run, cancel)
	if err != nil {
		cancel(nil)
		observers.Wait()
		return err
	}
	err = r.phases(run)
	cancel(nil)
	observers.Wait()
	return err
}

// phases goes through the three windows.
func (r *Run) phases(ctx context.Context) error {
	if err := r.phase(ctx, event.Steady, r.steady); err != nil {
		return err
	}
	r.snapshot(ctx, event.Before)
	r.readDeclared(ctx)
	if err := r.disrupt(ctx); err != nil {
		return err
	}
	return r.recovery(ctx)
}

// disrupt is the fault window, and the undo of all that is still there at its end. The recovery begins with the undo, so
// that what is looked at during the fault is not what the undo has made of it. The undo is not left to a path that could
// be missed: it comes after every end of the fault window, a panic's too.
func (r *Run) disrupt(ctx context.Context) error {
	defer r.Applier.UndoAll(ctx)
	err := r.phase(ctx, event.Fault, func(ctx context.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = &Stop{Outcome: event.Failed, Reason: fmt.Sprintf("internal error: %v", p)}
			}
		}()
		return r.faults(ctx)
	})
	if err == nil {
		r.Log.Record(event.PhaseStarted{Phase: event.Recovery})
	}
	return err
}

// phase brackets a window with its events.
func (r *Run) phase(ctx context.Context, name event.Phase, do func(context.Context) error) error {
	start := r.Log.Now()
	r.Log.Record(event.PhaseStarted{Phase: name})
	err := do(ctx)
	r.windowEnded(verdict.Window(name), start)
	ended := event.PhaseEnded{Phase: name, Complete: err == nil}
	if err != nil {
		ended.Reason = err.Error()
	}
	r.Log.Record(ended)
	return err
}

// windowEnded notes that a window ends now.
func (r *Run) windowEnded(name verdict.Window, start event.Instant) {
	if r.windows == nil {
		r.windows = map[verdict.Window]verdict.Span{}
	}
	now := r.Log.Now()
	r.windows[name] = verdict.Span{Start: start, End: now}
	r.windows[verdict.Run] = verdict.Span{Start: r.windows[verdict.Steady].Start, End: now}
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
