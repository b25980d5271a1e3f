package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// withdrawal deletes an object, and is taken back by creating it again with what it held, which the journal knows.
type withdrawal struct {
	a *Applier
	c *inject.Change
}

// send marks the object, then deletes it. What is gone bears no mark; but as long as the deletion has not come about, the mark
// tells of it, and without that mark it comes to nothing, since it names the resource version that was marked (G5).
func (w withdrawal) send(ctx context.Context) (outcome, error) {
	a, c := w.a, w.c
	ctx, cancel := context.WithTimeout(ctx, sendPatience)
	defer cancel()
	err := a.update(ctx, c, func() { a.mayBeApplied(c) }, func(object *unstructured.Unstructured) (bool, error) {
		if other := object.GetLabels()[RunLabel]; other != "" && other != a.run {
			return false, fmt.Errorf("run %s has changed it and not put it back yet: if that run is over, chaosctl recover %s does", other, other)
		}
		if !w.isOriginal(object) {
			return false, errors.New("it was changed by somebody else since it was planned")
		}
		if marked(object, a.run, c) {
			return false, nil
		}
		return true, mark(object, a.run, c)
	})
	if err == nil {
		err = w.delete(ctx)
	}
	if apierrors.IsNotFound(err) {
		return outcome{skipped: "the object was gone before"}, nil
	}
	return outcome{}, err
}

// delete asks for the deletion of the object in the state in which it is read. NotFound says that it was gone before.
func (w withdrawal) delete(ctx context.Context) error {
	a, c, asked := w.a, w.c, false
	for {
		err := retry(ctx, a.waits, func() error {
			object, err := a.get(ctx, c.Object)
			switch {
			case err != nil:
				return err
			case object == nil && asked: // its answer was lost
				return nil
			case object == nil:
				return apierrors.NewNotFound(c.Object.Resource.GroupResource(), c.Object.Name)
			case a.dryRun == nil && !marked(object, a.run, c):
				return decided{errors.New("its mark was removed meanwhile")}
			case !w.isOriginal(object):
				return decided{errors.New("it was changed by somebody else meanwhile")}
			}
			uid, version := object.GetUID(), object.GetResourceVersion()
			a.sent(c)
			err = a.resource(c.Object).Delete(ctx, c.Object.Name, metav1.DeleteOptions{
				Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version}, DryRun: a.dryRun,
			})
			if unanswered(err) {
				a.doubt(c)
				asked = true
			}
			return err
		})
		if !apierrors.IsConflict(err) || ctx.Err() != nil {
			return err
		}
	}
}

// isOriginal says that an object, marked or not, holds what is to be put back.
func (w withdrawal) isOriginal(object *unstructured.Unstructured) bool {
	bare := inject.Bare(object)
	for _, name := range markers(bare) {
		unstructured.RemoveNestedField(bare.Object, "metadata", "annotations", name)
	}
	unstructured.RemoveNestedField(bare.Object, "metadata", "labels", RunLabel)
	for _, field := range []string{"annotations", "labels"} {
		if all, _, _ := unstructured.NestedMap(bare.Object, "metadata", field); len(all) == 0 {
			unstructured.RemoveNestedField(bare.Object, "metadata", field)
		}
	}
	text, err := bare.MarshalJSON()
	return err == nil && inject.Digest(text) == inject.Digest(w.c.Withdraw.Original)
}

// find reads what has the object's name, be it that one or another; nil where there is none.
func (w withdrawal) find(ctx context.Context) (*unstructured.Unstructured, error) {
	object, err := w.a.resource(w.c.Object).Get(ctx, w.c.Object.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return object, err
}

// observe waits until nothing has that name.
func (w withdrawal) observe(ctx context.Context) (string, error) {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, proofPatience, true, func(ctx context.Context) (bool, error) {
		object, err := w.find(ctx)
		if ctx.Err() == nil {
			last = err
		}
		if err == nil && object != nil && object.GetUID() != w.c.Object.UID {
			return false, errors.New("somebody has made another of its name already")
		}
		return err == nil && object == nil, nil
	})
	switch {
	case wait.Interrupted(err):
		return "", errors.Join(fmt.Errorf("the object was still there %s later", proofPatience), last)
	case err != nil:
		return "", err
	}
	return "the object is gone", nil
}

func (w withdrawal) lost(ctx context.Context) (string, error) {
	object, err := w.find(ctx)
	if err != nil || object == nil {
		return "", err
	}
	return "another of its name was made", nil
}

// undo takes the mark off an object that was not deleted, and makes one again that was.
func (w withdrawal) undo(ctx context.Context) error {
	was, err := w.unmark(ctx)
	switch {
	case apierrors.IsNotFound(err):
		return w.again(ctx)
	case err != nil:
		return err
	case was:
		w.a.record(w.c, event.ChangeUndone, "it was not deleted; its mark was removed")
	default:
		w.a.record(w.c, event.ChangeUndone, "nothing of it is there: it was never made, or is undone already")
	}
	return nil
}

// unmark drops the mark of the object that was to be deleted, which a deletion on its way does not get past. One that may yet
// be marked is fenced off first (G5), as an edit is.
func (w withdrawal) unmark(ctx context.Context) (was bool, err error) {
	a, c := w.a, w.c
	fenced, own := !a.isDoubtful(c), false
	for {
		fence := false
		err = a.update(ctx, c, func() {}, func(object *unstructured.Unstructured) (bool, error) {
			if fence = !fenced && unfenced(object, a.run, c); fence {
				return true, mark(object, a.run, c)
			}
			marked, write := unmark(object, a.run, c)
			was = was || marked && !own
			return write, nil
		})
		if !fence || err != nil {
			return was, err
		}
		fenced, own = true, true
	}
}

// again creates the object with what it held, unless somebody has made another one.
func (w withdrawal) again(ctx context.Context) error {
	a, c := w.a, w.c
	var other *unstructured.Unstructured
	created := false
	err := retry(ctx, a.waits, func() (err error) {
		if other, err = w.find(ctx); err != nil || other != nil {
			return err
		}
		if c.Withdraw.Original == nil {
			return decided{errGone}
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(c.Withdraw.Original); err != nil {
			return decided{err}
		}
		made, err := a.resource(c.Object).Create(ctx, object, metav1.CreateOptions{FieldManager: fieldManager, DryRun: a.dryRun})
		if apierrors.IsAlreadyExists(err) {
			other, err = w.find(ctx) // somebody was faster, or it is our own, from a request whose answer was lost
			return err
		}
		if err == nil {
			a.creates(c, made.GetUID())
			created = true
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case created:
		a.record(c, event.ChangeUndone, "")
	case other == nil:
		return errors.New("somebody makes objects of its name, and deletes them again")
	case w.isOriginal(other):
		a.record(c, event.ChangeUndone, "it is there again, as it was")
	default:
		a.record(c, event.ChangeDiverged, "somebody else has made another of its name meanwhile, which does not hold the same; theirs was kept")
	}
	return nil
}

// errGone: the journal holds no more than the object's name.
var errGone = errors.New("what it held stands in the run's Secret alone, which is gone or cannot be read")

// byHand is chaosctl's own command: what the object held may be much, and confidential.
func (w withdrawal) byHand(bool) []string { return []string{"chaosctl recover --all"} }
