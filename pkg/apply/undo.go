package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
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

// Undo undoes the matching changes, going on past those that fail, and returns what is left. Those that have to do with
// one another are undone newest first; others need not wait for them, and are undone side by side. It does not inherit
// the cancellation of ctx (G6): an interrupted run is put back too. An API server that does not answer is waited for
// until UndoTimeout is over, or [Applier.Abandon] is called. What is left is tried again by the next call that matches it.
func (a *Applier) Undo(ctx context.Context, match func(*inject.Change) bool) []Leftover {
	ctx, cancel := a.undoing(ctx)
	defer cancel()
	taken := a.take(match)
	errs := make(map[*inject.Change]error, len(taken))
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, lane := range lanes(taken) {
		all.Go(func() {
			for _, c := range lane {
				err := a.undo(ctx, c)
				mu.Lock()
				errs[c] = err
				mu.Unlock()
			}
		})
	}
	all.Wait()
	var left []Leftover
	var undone []*inject.Change
	for n, c := range taken {
		if errs[c] == nil {
			undone = append(undone, c)
			continue
		}
		last := !slices.ContainsFunc(taken[n+1:], func(later *inject.Change) bool {
			return errs[later] != nil && later.Object.UID == c.Object.UID
		})
		leftover := Leftover{Change: c, Err: errs[c], Commands: commands(c, last)}
		left = append(left, leftover)
		a.record(c, event.ChangeStuck, fmt.Sprintf("%v; to put it back by hand: %s", errs[c], strings.Join(leftover.Commands, "; ")))
	}
	a.keep(left)
	a.removeCopies(ctx, undone)
	return left
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

// undo restores the fields that still hold what was written, keeps what others wrote, and drops the marker, in one
// write (G3). A field that others changed or set back before tells that the fault did not last (G16).
func (a *Applier) undo(ctx context.Context, c *inject.Change) (err error) {
	defer recovered(&err)
	defer func() { err = withCause(ctx, err) }()
	var left remains
	tried := false
	err = a.untilAllowed(ctx, func() error {
		if err := a.fence(ctx, c); err != nil {
			return err
		}
		return a.update(ctx, c, func() { tried = true }, func(object *unstructured.Unstructured) (bool, error) {
			found, write, err := restore(object, c)
			if !tried {
				// After a try, what is set back may be its own doing.
				left.setBack = found.setBack
			}
			left.diverged = found.diverged
			return write, err
		})
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	if lost := slices.Concat(left.diverged, left.setBack); err == nil && len(lost) > 0 && a.wasApplied(c) {
		a.record(c, event.ChangeUnproved, strings.Join(lost, ", ")+" did not keep the written value to the end of the fault: somebody else changed it")
	}
	if err := a.journal.Append(Entry{Run: a.run, Step: Undone, Change: c}); err != nil {
		a.log.Record(event.Noted{Level: "warning", Message: "the journal could not be written after an undo: " + err.Error()})
	}
	switch {
	case err != nil:
		a.record(c, event.ChangeUndone, "the object is gone, so there is nothing to undo")
	case len(left.diverged) > 0:
		a.record(c, event.ChangeDiverged, "somebody else changed "+strings.Join(left.diverged, ", ")+" meanwhile; theirs was kept")
	default:
		a.record(c, event.ChangeUndone, "")
	}
	return nil
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

// fence makes sure that a change whose answer never came, and which is not there, does not come about after all (G5): a
// request may be on its way, in a proxy or in the server's queue, longer than the undo waits. It names the resource
// version that it was made for. A marker without fields makes another; the undo takes it off again, and recover would.
func (a *Applier) fence(ctx context.Context, c *inject.Change) error {
	if !a.isDoubtful(c) {
		return nil
	}
	empty := *c
	empty.Edit = &inject.Edit{}
	return a.update(ctx, c, func() {}, func(object *unstructured.Unstructured) (bool, error) {
		if marked(object, c) {
			return false, nil
		}
		return true, mark(object, a.run, &empty)
	})
}

// remains are the fields that an undo does not find as they were written: those that hold something else, and those
// that hold the original already.
type remains struct{ diverged, setBack []string }

// restore puts the originals back into an object that is marked, and unmarks it. It says whether that is to be written.
func restore(object *unstructured.Unstructured, c *inject.Change) (left remains, write bool, err error) {
	write = unmark(object, c)
	for _, f := range c.Edit.Fields {
		ours, err := holds(object, f.Path, f.Value)
		if err != nil {
			return left, false, err
		}
		original, err := holds(object, f.Path, f.Original)
		switch {
		case err != nil:
			return left, false, err
		case ours && write:
			if err := set(object, f.Path, f.Original); err != nil {
				return left, false, err
			}
		case original:
			left.setBack = append(left.setBack, f.PathString())
		default:
			left.diverged = append(left.diverged, f.PathString())
		}
	}
	return left, write, nil
}

func (a *Applier) wasApplied(c *inject.Change) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.applied[c]
}

// commands are what a person would type to restore the fields. By its label an object is found, so that goes with the
// last change of it that is left.
func commands(c *inject.Change, last bool) []string {
	patch := map[string]any{}
	for _, f := range c.Edit.Fields {
		var original any
		if f.Original != nil {
			original, _ = decode(f.Original)
		}
		// A path that is set twice, once as a map and once as a value, does not occur in a plan.
		_ = unstructured.SetNestedField(patch, original, f.Path...)
	}
	_ = unstructured.SetNestedField(patch, nil, "metadata", "annotations", annotation(c))
	if last {
		_ = unstructured.SetNestedField(patch, nil, "metadata", "labels", RunLabel)
	}
	where := ""
	if c.Object.Namespace != "" {
		where = "-n " + c.Object.Namespace + " "
	}
	text := string(mustJSON(patch))
	return []string{fmt.Sprintf("kubectl %spatch %s %s --type=merge -p '%s'", where, strings.ToLower(c.Object.Kind), c.Object.Name, strings.ReplaceAll(text, "'", `'\''`))}
}
