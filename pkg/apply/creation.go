package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/chaosctl/chaosctl/pkg/condition"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// Owner owns what a run creates in its namespace, so that the cluster's garbage collector removes a creation that comes
// about when the run is over, and its owner gone (G5). Edits have a fence of their own; a name that is free has none.
type Owner struct {
	Namespace string
	Reference metav1.OwnerReference
}

// creation makes an object, and is taken back by deleting that one.
type creation struct {
	a *Applier
	c *inject.Change
}

// send creates the object with its marker (G2).
func (n creation) send(ctx context.Context) (outcome, error) {
	n.lookBefore(ctx) // agents take their time to begin
	ctx, cancel := context.WithTimeout(ctx, sendPatience)
	defer cancel()
	object, err := n.manifest()
	if err != nil {
		return outcome{}, err
	}
	err = retry(ctx, n.a.waits, func() error {
		n.a.sent(n.c)
		created, err := n.a.resource(n.c.Object).Create(ctx, object, metav1.CreateOptions{FieldManager: fieldManager, DryRun: n.a.dryRun})
		if apierrors.IsAlreadyExists(err) {
			// It may be our own, from a request whose answer was lost.
			if created, err = n.find(ctx); err == nil && created == nil {
				err = decided{fmt.Errorf("there is a %s of that name already, which is somebody else's", n.c.Object.Kind)}
			}
		}
		if err == nil {
			n.a.creates(n.c, created.GetUID())
		}
		return err
	})
	return outcome{}, err
}

// manifest is the object as it is sent.
func (n creation) manifest() (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(n.c.Create.Manifest); err != nil {
		return nil, fmt.Errorf("the manifest of %s %s: %w", n.c.Object.Kind, n.c.Object.Name, err)
	}
	if owner := n.a.Owner; owner != nil && owner.Namespace == n.c.Object.Namespace {
		object.SetOwnerReferences(append(object.GetOwnerReferences(), owner.Reference))
	}
	return object, mark(object, n.a.run, n.c)
}

// find reads the object that the change has made; nil where there is none, or somebody else's has its name.
func (n creation) find(ctx context.Context) (*unstructured.Unstructured, error) {
	object, err := n.a.resource(n.c.Object).Get(ctx, n.c.Object.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case !marked(object, n.a.run, n.c):
		return nil, nil
	}
	return object, nil
}

// observe waits until the object is there, and its condition holds.
func (n creation) observe(ctx context.Context) (string, error) {
	patience := n.c.Create.Timeout
	if patience == 0 {
		patience = proofPatience
	}
	var until *condition.Condition
	if n.c.Create.Until != "" {
		var err error
		if until, err = condition.Compile(n.c.Create.Until, "object"); err != nil {
			return "", err
		}
	}
	taken := n.a.takenChannel(n.c)
	var last error
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		select {
		case <-taken:
			return false, errUndone
		default:
		}
		// What the end of the time cuts short tells less than the look before it.
		if missing := n.holds(ctx, until); ctx.Err() == nil || last == nil {
			last = missing
		}
		return last == nil, nil
	})
	switch {
	case errors.Is(err, errUndone):
		return "", errors.Join(last, errors.New("the fault was over before its effect was seen"))
	case err != nil:
		return "", fmt.Errorf("not seen within %s: %w", patience, errors.Join(last, ctx.Err()))
	case until != nil:
		return fmt.Sprintf("the object is there, and %q holds", n.c.Create.Until), nil
	case n.c.Create.Refused != nil:
		return fmt.Sprintf("the API server refuses a %s", n.c.Create.Refused.Kind), nil
	case n.c.Create.Cut != nil && n.c.Create.Cut.Inside:
		return "no address that was reached from inside of the target's pods before is reached from there", nil
	case n.c.Create.Cut != nil:
		return "no address of the target that took a connection from here before takes one", nil
	}
	return "the object is there", nil
}

// holds says what is missing of the effect.
func (n creation) holds(ctx context.Context, until *condition.Condition) error {
	object, err := n.find(ctx)
	switch {
	case err != nil:
		return err
	case object == nil:
		return errors.New("the object is gone")
	case until == nil:
		return n.shows(ctx)
	}
	holds, err := until.Holds(ctx, map[string]any{"object": object.Object})
	switch {
	case err != nil:
		return fmt.Errorf("%q does not hold: %w", n.c.Create.Until, err)
	case !holds:
		return fmt.Errorf("%q does not hold", n.c.Create.Until)
	}
	return n.shows(ctx)
}

// shows says what is missing of the effects that the object itself does not tell.
func (n creation) shows(ctx context.Context) error {
	if err := n.refuses(ctx); err != nil {
		return err
	}
	return n.cutsOff(ctx)
}

var errUndone = errors.New("undone meanwhile")

func (n creation) lost(ctx context.Context) (string, error) {
	object, err := n.find(ctx)
	if err != nil || object != nil {
		return "", err
	}
	return "the object was removed, or is somebody else's", nil
}

// undo deletes the object that the change has made, whatever others have done to it, and waits until it is gone. One that
// does not bear the marker any more is somebody else's.
func (n creation) undo(ctx context.Context) error {
	a, c := n.a, n.c
	object, err := n.delete(ctx)
	applied := a.wasApplied(c)
	switch {
	case err != nil:
		return err
	case object == nil && applied:
		a.record(c, event.ChangeUnproved, "the object did not last to the end of the fault: somebody else removed it, or its mark")
		return n.adopted(ctx)
	case object == nil:
		a.record(c, event.ChangeUndone, "nothing of it is there: it was never made, or is undone already")
		return nil
	case a.dryRun != nil:
		a.record(c, event.ChangeUndone, "")
		return nil
	}
	if err := n.awaitGone(ctx, object.GetUID()); err != nil {
		return err
	}
	a.record(c, event.ChangeUndone, "")
	return nil
}

// adopted tells of an object that somebody has made their own by removing the marker.
func (n creation) adopted(ctx context.Context) error {
	object, err := n.a.resource(n.c.Object).Get(ctx, n.c.Object.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) || err == nil && object.GetUID() != n.a.created(n.c):
		n.a.record(n.c, event.ChangeUndone, "the object is gone, so there is nothing to undo")
	case err != nil:
		return err
	default:
		n.a.record(n.c, event.ChangeDiverged, "somebody has removed the mark from it; it was kept")
	}
	return nil
}

// delete asks for the deletion of what is read, in the state in which it is read, and returns that.
func (n creation) delete(ctx context.Context) (*unstructured.Unstructured, error) {
	for {
		var object *unstructured.Unstructured
		err := retry(ctx, n.a.waits, func() (err error) {
			if object, err = n.find(ctx); err != nil || object == nil || object.GetDeletionTimestamp() != nil {
				return err
			}
			uid, version, background := object.GetUID(), object.GetResourceVersion(), metav1.DeletePropagationBackground
			return n.a.resource(n.c.Object).Delete(ctx, n.c.Object.Name, metav1.DeleteOptions{
				Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version}, PropagationPolicy: &background, DryRun: n.a.dryRun,
			})
		})
		if apierrors.IsNotFound(err) {
			return object, nil
		}
		if !apierrors.IsConflict(err) || ctx.Err() != nil {
			return object, err
		}
	}
}

// awaitGone waits until the object of that UID is gone: its finalizers are for others to see to.
func (n creation) awaitGone(ctx context.Context, uid types.UID) error {
	var finalizers []string
	err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		object, err := n.a.resource(n.c.Object).Get(ctx, n.c.Object.Name, metav1.GetOptions{})
		if err == nil {
			finalizers = object.GetFinalizers()
		}
		return apierrors.IsNotFound(err) || err == nil && object.GetUID() != uid, nil
	})
	if err != nil && len(finalizers) > 0 {
		return fmt.Errorf("it was told to go, and is held by its finalizers (%s): %w", strings.Join(finalizers, ", "), err)
	}
	return err
}

func (n creation) byHand(bool) []string { return []string{kubectl("delete", n.c.Object)} }

// creates keeps the UID of what a change has made.
func (a *Applier) creates(c *inject.Change, uid types.UID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.uids[c] = uid
}

// created is the UID of what a change has made; empty where it was not this process.
func (a *Applier) created(c *inject.Change) types.UID {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.uids[c]
}

// disown takes an object out of the ownership of runs, at whose end it would go.
func disown(object *unstructured.Unstructured) {
	owners := slices.DeleteFunc(object.GetOwnerReferences(), func(o metav1.OwnerReference) bool {
		return o.Kind == "Lease" && strings.HasPrefix(o.APIVersion, "coordination.k8s.io/") && strings.HasPrefix(o.Name, "chaosctl-")
	})
	object.SetOwnerReferences(owners)
}
