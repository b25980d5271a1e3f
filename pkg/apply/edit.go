package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// edit sets fields of an object, and puts them back one by one.
type edit struct {
	a *Applier
	c *inject.Change
}

// send sets the fields and the marker in one write (G2).
func (e edit) send(ctx context.Context) (outcome, error) {
	a, c := e.a, e.c
	ctx, cancel := context.WithTimeout(ctx, sendPatience)
	defer cancel()
	var result outcome
	err := a.update(ctx, c, func() { a.sent(c) }, func(object *unstructured.Unstructured) (bool, error) {
		if other := object.GetLabels()[RunLabel]; other != "" && other != a.run {
			return false, fmt.Errorf("run %s has changed it and not put it back yet: if that run is over, chaosctl recover %s does", other, other)
		}
		already, moved, err := compare(object, c.Edit.Fields)
		if err != nil {
			return false, err
		}
		made := marked(object, a.run, c)
		if already || made && yields(c) { // by an earlier try, and others may have written it since
			if !made {
				result.skipped = "the field had this value before"
			}
			return false, nil
		}
		if moved != "" {
			return false, fmt.Errorf("%s was changed by somebody else since it was planned", moved)
		}
		found, err := withOriginals(object, c)
		if err != nil {
			return false, err
		}
		for _, f := range c.Edit.Fields {
			if err := set(object, f.Path, f.Value); err != nil {
				return false, err
			}
		}
		return true, mark(object, a.run, found)
	})
	if apierrors.IsNotFound(err) {
		return outcome{skipped: "the object was gone before"}, nil
	}
	return result, err
}

// observe reads the object again and looks for the values.
func (e edit) observe(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, proofPatience)
	defer cancel()
	var object *unstructured.Unstructured
	err := retry(ctx, e.a.waits, func() (err error) {
		object, err = e.a.get(ctx, e.c.Object)
		return err
	})
	if err != nil {
		return "", err
	}
	if object == nil {
		return "", fmt.Errorf("the object is gone")
	}
	for _, f := range e.c.Edit.Fields {
		if !isWritten(object, f) {
			return "", fmt.Errorf("%s does not hold the value that was written: something set it back", f.PathString())
		}
	}
	return "the field holds the written value", nil
}

// lost names a field that does not hold any more what was written, save one that is for others to write.
func (e edit) lost(ctx context.Context) (string, error) {
	object, err := e.a.get(ctx, e.c.Object)
	if err != nil {
		return "", err
	}
	if object == nil {
		return "the object was removed", nil
	}
	for _, f := range e.c.Edit.Fields {
		if !f.Yields && !isWritten(object, f) {
			return f.PathString() + " was changed", nil
		}
	}
	return "", nil
}

// isWritten says that a field has the value that was written.
func isWritten(object *unstructured.Unstructured, f inject.Field) bool {
	have, found, err := valueAt(object, f.Path)
	return err == nil && f.IsValue(have, found)
}

// undo restores the fields that still hold what was written, keeps what others wrote, and drops the marker, in one
// write (G3). A field that others changed or set back before tells that the fault did not last (G16).
func (e edit) undo(ctx context.Context) error {
	a, c := e.a, e.c
	left, err := e.restore(ctx)
	switch {
	case apierrors.IsNotFound(err):
		a.record(c, event.ChangeUndone, "the object is gone, so there is nothing to undo")
		return nil
	case err != nil:
		return err
	}
	applied := a.wasApplied(c)
	if lost := left.lost(); applied && len(lost) > 0 {
		a.record(c, event.ChangeUnproved, strings.Join(lost, ", ")+" did not keep the written value to the end of the fault: somebody else changed it")
	}
	switch {
	case left.unmarked && !applied && !left.keepsOurs():
		a.record(c, event.ChangeUndone, "nothing of it is there: it was never made, or is undone already")
	case len(left.diverged) > 0:
		a.record(c, event.ChangeDiverged, "somebody else changed it meanwhile; theirs was kept: "+left.describe(c))
	case len(left.yielded) > 0:
		a.record(c, event.ChangeUndone, "others have written "+strings.Join(left.yielded, ", ")+" since, as was to be expected; theirs was kept")
	default:
		a.record(c, event.ChangeUndone, "")
	}
	return nil
}

// restore writes the originals back. A change whose answer never came, and which is not there, is fenced off first (G5): a
// request may be on its way, in a proxy or in the server's queue, longer than the undo waits. It names the resource version
// that it was made for. A marker without fields makes another; the restoring takes it off again, and recover would.
func (e edit) restore(ctx context.Context) (left remains, err error) {
	a, c := e.a, e.c
	fenced := !a.isDoubtful(c) || len(c.Fields()) == 0 // a fence needs none itself
	for tried := false; ; {
		fence := false
		err = a.update(ctx, c, func() { tried = tried || !fence }, func(object *unstructured.Unstructured) (bool, error) {
			if fence = !fenced && unfenced(object, a.run, c); fence {
				empty := *c
				empty.Edit = &inject.Edit{Subresource: c.Edit.Subresource}
				return true, mark(object, a.run, &empty)
			}
			found, write, err := restore(object, a.run, c)
			if !tried {
				// After a try, what is set back, and the marker's absence, may be its own doing.
				left.setBack, left.unmarked = found.setBack, found.unmarked
			}
			left.diverged, left.yielded = found.diverged, found.yielded
			return write, err
		})
		if !fence || err != nil {
			return left, err
		}
		fenced = true
	}
}

// unfenced says that a request for the change could still come about. What another run has written since is a fence too.
func unfenced(object *unstructured.Unstructured, run string, c *inject.Change) bool {
	other := object.GetLabels()[RunLabel]
	return !marked(object, run, c) && (other == "" || other == run)
}

// compare says whether all fields hold what is to be written, and names one that does not hold its original: an undo would
// not put back what is there now. Of a field that is for others to write, whatever is there is the original.
func compare(object *unstructured.Unstructured, fields []inject.Field) (already bool, moved string, err error) {
	already = true
	for _, f := range fields {
		have, found, err := valueAt(object, f.Path)
		if err != nil {
			return false, "", err
		}
		already = already && f.IsValue(have, found)
		if !f.Yields && !f.IsOriginal(have, found) {
			moved = f.PathString()
		}
	}
	return already, moved, nil
}

// yields says that the change is one of fields that are for others to write.
func yields(c *inject.Change) bool {
	return slices.ContainsFunc(c.Edit.Fields, func(f inject.Field) bool { return f.Yields })
}

// withOriginals is the change with the originals that the object has now, of fields that are for others to write.
func withOriginals(object *unstructured.Unstructured, c *inject.Change) (*inject.Change, error) {
	if !yields(c) {
		return c, nil
	}
	now := *c
	now.Edit = &inject.Edit{Fields: slices.Clone(c.Edit.Fields), Subresource: c.Edit.Subresource}
	for i := range now.Edit.Fields {
		f := &now.Edit.Fields[i]
		if !f.Yields {
			continue
		}
		have, found, err := valueAt(object, f.Path)
		if err != nil {
			return nil, err
		}
		if f.Original, f.OriginalDigest = nil, ""; found {
			f.Original = mustJSON(have)
		}
	}
	return &now, nil
}
