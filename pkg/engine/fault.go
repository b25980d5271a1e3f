package engine

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// faults injects on schedule and returns when the window is over.
func (r *Run) faults(ctx context.Context) error {
	start := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	window, closeWindow := context.WithCancel(ctx)
	defer closeWindow()
	var wait sync.WaitGroup
	errs := make([]error, len(r.Plan.Injections))
	r.spawn(&wait, cancel, func() {
		var under underway
		// They are chosen one after the other, the first in the file first: so each is guarded in the knowledge of those
		// before it, and a run that is repeated allows and refuses the same ones.
		for _, n := range r.Plan.order() {
			i := &r.Plan.Injections[n]
			if waitUntil(ctx, start.Add(i.At)) != nil {
				return
			}
			changes, err := r.choose(ctx, i, under.pods())
			if err != nil {
				errs[n] = err
				continue
			}
			sent, surges := apart(changes)
			r.startSurges(window, cancel, &wait, start, i, surges)
			finished := under.begin(sent)
			r.spawn(&wait, cancel, func() { errs[n] = r.inject(ctx, start, i, sent, finished) })
		}
	})
	_ = waitUntil(ctx, start.Add(r.Plan.Experiment.Spec.FaultWindow()))
	closeWindow()
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

// order lists the injections by when they are due.
func (p *Plan) order() []int {
	order := make([]int, len(p.Injections))
	for n := range order {
		order[n] = n
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.Injections[a].At, p.Injections[b].At) })
	return order
}

// choose plans a fault that is due for the world as it is now.
func (r *Run) choose(ctx context.Context, i *Injection, pending map[types.UID]bool) ([]inject.Change, error) {
	changes, err := r.planAgain(ctx, i, pending)
	if err != nil {
		// What was shown in the plan and did not come about must not go unnoticed.
		r.Log.Record(event.ChangeUpdated{ID: i.ID(), Fault: i.Fault.Name, Verb: i.Fault.Kind, State: event.ChangeFailed, Message: err.Error()})
		return nil, err
	}
	return r.keepToPlan(i, changes), nil
}

func (r *Run) planAgain(ctx context.Context, i *Injection, pending map[types.UID]bool) ([]inject.Change, error) {
	if err := r.permit(ctx); err != nil {
		return nil, err
	}
	now, err := r.Plan.look(ctx)
	if err != nil {
		return nil, err
	}
	return r.Plan.changes(ctx, i, now, pending)
}

// permit asks whether the run may still inject.
func (r *Run) permit(ctx context.Context) error {
	if r.Permit == nil {
		return nil
	}
	return r.Permit(ctx)
}

// inject applies the changes, and takes them back when the fault's own duration ends before the window does.
func (r *Run) inject(ctx context.Context, start time.Time, i *Injection, changes []inject.Change, finished func()) error {
	err := r.apply(ctx, changes, finished)
	if i.For == 0 {
		return err
	}
	_ = waitUntil(ctx, start.Add(i.At+i.For))
	r.undo(ctx, changes)
	return err
}

func (r *Run) apply(ctx context.Context, changes []inject.Change, finished func()) error {
	defer finished()
	return r.Applier.Apply(ctx, changes)
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
