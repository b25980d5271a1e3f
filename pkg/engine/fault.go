package engine

import (
	"context"
	"sync"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// faults injects on schedule and returns when the window is over.
func (r *Run) faults(ctx context.Context) error {
	start := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wait sync.WaitGroup
	errs := make([]error, len(r.Plan.Injections))
	for n := range r.Plan.Injections {
		r.spawn(&wait, cancel, func() { errs[n] = r.inject(ctx, start, &r.Plan.Injections[n]) })
	}
	_ = waitUntil(ctx, start.Add(r.Plan.Experiment.Spec.FaultWindow()))
	wait.Wait()
	if ctx.Err() != nil {
		return stopOf(ctx)
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
		// What was shown in the plan and did not come about must not go unnoticed.
		r.Log.Record(event.ChangeUpdated{ID: i.ID(), Fault: i.Fault.Name, Verb: i.Fault.Kind, State: event.ChangeFailed, Message: err.Error()})
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
