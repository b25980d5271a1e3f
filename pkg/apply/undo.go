package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// DefaultUndoTimeout is how long an undo may wait out an API server that does not answer, unless told otherwise.
const DefaultUndoTimeout = 2 * time.Minute

// Leftover is a change that could not be undone.
type Leftover struct {
	Change *inject.Change
	Err    error
	// Commands put it back by hand.
	Commands []string
}

// UndoAll undoes every change that is not undone yet; see [Applier.Undo].
func (a *Applier) UndoAll(ctx context.Context) []Leftover {
	return a.Undo(ctx, func(*inject.Change) bool { return true })
}

// Adopt takes over changes of a run that ended without undoing them, in the order in which they were sent. It is safe to
// adopt a change that was never sent, or is undone already: the undo looks for itself (G4). Nobody knows what answers that
// run got, so each of them counts as one whose request may still be on its way.
func (a *Applier) Adopt(changes []*inject.Change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range changes {
		if c.Reversible() {
			a.reversible = append(a.reversible, c)
			a.doubtful[c] = true
		}
	}
}

// DryRun makes the applier send every write with dryRun=All: the server authorises, validates and admits it, and changes
// nothing. It is to be called before anything else.
func (a *Applier) DryRun() { a.dryRun = []string{metav1.DryRunAll} }

// DropRemains removes, from an object that bears no mark of its own, the run's label and copies of other objects' marks.
// Broken are the annotations by which it may be marked, and which nobody can read: then it stays as it is.
func (a *Applier) DropRemains(ctx context.Context, o inject.Object) (dropped bool, broken []string, err error) {
	c := &inject.Change{Object: o}
	err = a.update(ctx, c, func() {}, func(object *unstructured.Unstructured) (bool, error) {
		dropped, broken = dropRemains(object, a.run), ReadMarks(object, o).Broken
		return dropped, nil
	})
	switch {
	case apierrors.IsNotFound(err):
		return false, nil, nil
	case err == nil && dropped && a.dryRun == nil:
		a.removeCopiesOf(ctx, o, func(string) bool { return true })
	}
	return dropped, broken, err
}

// DropMarks removes all markers from an object and from what has copied them, and changes nothing else.
func (a *Applier) DropMarks(ctx context.Context, o inject.Object) error {
	c := &inject.Change{Object: o}
	err := a.update(ctx, c, func() {}, func(object *unstructured.Unstructured) (bool, error) {
		names := markers(object)
		for _, name := range names {
			unstructured.RemoveNestedField(object.Object, "metadata", "annotations", name)
		}
		_, labelled := object.GetLabels()[RunLabel]
		unstructured.RemoveNestedField(object.Object, "metadata", "labels", RunLabel)
		disown(object)
		return labelled || len(names) > 0, nil
	})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err == nil && a.dryRun == nil: // in a dry run the controller would not come to see it without
		a.removeCopiesOf(ctx, o, func(string) bool { return true })
	}
	return err
}

// Undo undoes the matching changes, going on past those that fail, and returns what is left. Changes of different objects
// are undone side by side, those of one object newest first, and none before the one that it names in UndoAfter. It does
// not inherit the cancellation of ctx (G6): an interrupted run is put back too. An API server that does not answer is
// waited for until UndoTimeout is over, or [Applier.Abandon] is called. What is left is tried again by the next call that
// matches it.
func (a *Applier) Undo(ctx context.Context, match func(*inject.Change) bool) []Leftover {
	ctx, cancel := a.undoing(ctx)
	defer cancel()
	taken := a.take(match)
	errs := make([]error, len(taken))
	inOrder(taken, func(i int) { errs[i] = a.undo(ctx, taken[i]) })
	// By its label an object is found, so that goes with the last change of it that is left.
	last := map[string]int{}
	for i, c := range taken {
		if errs[i] != nil {
			last[c.Object.Key()] = i
		}
	}
	var left []Leftover
	var undone []*inject.Change
	for i, c := range taken {
		if errs[i] == nil {
			undone = append(undone, c)
			continue
		}
		leftover := Leftover{Change: c, Err: errs[i], Commands: a.byHand(c, last[c.Object.Key()] == i)}
		left = append(left, leftover)
		a.record(c, event.ChangeStuck, fmt.Sprintf("%v; to put it back by hand: %s", errs[i], strings.Join(leftover.Commands, "; ")))
	}
	a.keep(left)
	a.removeCopies(ctx, undone)
	return left
}

// Left says whether anything is left to be undone.
func (a *Applier) Left() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.reversible) > 0
}

// inOrder calls do for each change by its index, side by side save that a change waits for the one before it on the same
// object, and for the one that it names. Both come before it in the list; so nothing waits in a circle.
func inOrder(changes []*inject.Change, do func(int)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, sideBySide)
	byObject := map[string]chan struct{}{}
	byID := map[string]chan struct{}{}
	for i, c := range changes {
		done := make(chan struct{})
		waitFor := []chan struct{}{byObject[c.Object.Key()], byID[c.UndoAfter]}
		byObject[c.Object.Key()], byID[c.ID] = done, done
		all.Go(func() {
			defer close(done)
			for _, earlier := range waitFor {
				if earlier != nil {
					<-earlier
				}
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			do(i)
		})
	}
	all.Wait()
}

// Abandon makes every undo, of now and of later, give up waiting for an API server that does not answer.
func (a *Applier) Abandon() { a.abandon(errAbandoned) }

var errAbandoned = errors.New("told to leave")

// undoing is the context of an undo.
func (a *Applier) undoing(ctx context.Context) (context.Context, context.CancelFunc) {
	tooLong := fmt.Errorf("the API server did not answer within %s", a.UndoTimeout)
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), a.UndoTimeout, tooLong)
	ctx, stop := context.WithCancelCause(ctx)
	release := context.AfterFunc(a.abandoned, func() { stop(context.Cause(a.abandoned)) })
	return ctx, func() { release(); stop(nil); cancel() }
}

// undo takes one change back.
func (a *Applier) undo(ctx context.Context, c *inject.Change) (err error) {
	defer recovered(&err)
	defer func() { err = withCause(ctx, err) }()
	op, err := a.reversal(c)
	if err != nil {
		return err
	}
	return a.untilAllowed(ctx, func() error { return op.undo(ctx) })
}

func (a *Applier) byHand(c *inject.Change, last bool) []string {
	op, err := a.reversal(c)
	if err != nil {
		return nil
	}
	return op.byHand(last)
}

// withCause tells what ended the waiting beside what was last met.
func withCause(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	switch {
	case err == nil || cause == nil:
		return err
	case errors.Is(err, cause), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return cause
	}
	return fmt.Errorf("%w: %w", cause, err)
}

// startPatience is how long an undo bears with being forbidden.
const startPatience = 30 * time.Second

// untilAllowed repeats for a while what is forbidden: the run was allowed it when it began, and an API server that has
// just started does not know all roles and tokens yet.
func (a *Applier) untilAllowed(ctx context.Context, do func() error) error {
	var since time.Time
	for {
		err := do()
		if !apierrors.IsForbidden(err) && !apierrors.IsUnauthorized(err) {
			return err
		}
		if since.IsZero() {
			since = time.Now()
		}
		a.waits(err)
		if time.Since(since) > startPatience || pause(ctx, 200*time.Millisecond) != nil {
			return err
		}
	}
}

func (a *Applier) wasApplied(c *inject.Change) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.applied[c]
}
