package apply

import (
	"context"
	"encoding/json"
	"fmt"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// edit sets the fields and the marker in one write (G2).
func (a *Applier) edit(ctx context.Context, c *inject.Change) (outcome, error) {
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
		if already {
			if !marked(object, a.run, c) {
				result.skipped = "the field had this value before"
			}
			return false, nil
		}
		if moved != "" {
			return false, fmt.Errorf("%s was changed by somebody else since it was planned", moved)
		}
		for _, f := range c.Edit.Fields {
			if err := set(object, f.Path, f.Value); err != nil {
				return false, err
			}
		}
		return true, mark(object, a.run, c)
	})
	if apierrors.IsNotFound(err) {
		return outcome{skipped: "the object was gone before"}, nil
	}
	return result, err
}

// compare says whether all fields hold what is to be written, and names one that does not hold its original: an undo would
// not put back what is there now.
func compare(object *unstructured.Unstructured, fields []inject.Field) (already bool, moved string, err error) {
	already = true
	for _, f := range fields {
		have, found, err := valueAt(object, f.Path)
		if err != nil {
			return false, "", err
		}
		already = already && f.IsValue(have, found)
		if !f.IsOriginal(have, found) {
			moved = f.PathString()
		}
	}
	return already, moved, nil
}

// update reads the object, lets change decide and edit a copy of it, and sends the difference as one merge patch under
// the preconditions of the UID and the resource version that were read. After a conflict all of it is done again.
// An object that is gone, or is another of the same name, is NotFound. An error of change is returned at once.
func (a *Applier) update(ctx context.Context, c *inject.Change, sent func(), change func(*unstructured.Unstructured) (bool, error)) error {
	for {
		var conflict bool
		err := retry(ctx, a.waits, func() error {
			object, err := a.get(ctx, c.Object)
			if err != nil {
				return err
			}
			if object == nil {
				return apierrors.NewNotFound(c.Object.Resource.GroupResource(), c.Object.Name)
			}
			edited := object.DeepCopy()
			write, err := change(edited)
			if err != nil {
				return decided{err}
			}
			if !write {
				return nil
			}
			patch, err := mergePatch(object, edited)
			if err != nil {
				return err
			}
			sent()
			_, err = a.resource(c.Object).Patch(ctx, c.Object.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager, DryRun: a.dryRun})
			conflict = apierrors.IsConflict(err)
			if unanswered(err) {
				a.doubt(c)
			}
			return err
		})
		if !conflict || ctx.Err() != nil {
			return err
		}
	}
}

const fieldManager = "chaosctl"

// get reads the object; nil where it is gone, or another has its name.
func (a *Applier) get(ctx context.Context, o inject.Object) (*unstructured.Unstructured, error) {
	object, err := a.resource(o).Get(ctx, o.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case object.GetUID() != o.UID:
		return nil, nil
	}
	return object, nil
}

func (a *Applier) resource(o inject.Object) dynamic.ResourceInterface {
	resource := a.cluster.Dynamic.Resource(o.Resource)
	if o.Namespace == "" {
		return resource
	}
	return resource.Namespace(o.Namespace)
}

// mergePatch is the difference of two states of an object, fenced by the first one's UID and resource version.
func mergePatch(from, to *unstructured.Unstructured) ([]byte, error) {
	before, err := from.MarshalJSON()
	if err != nil {
		return nil, err
	}
	after, err := to.MarshalJSON()
	if err != nil {
		return nil, err
	}
	difference, err := jsonpatch.CreateMergePatch(before, after)
	if err != nil {
		return nil, err
	}
	var patch map[string]any
	if err := json.Unmarshal(difference, &patch); err != nil {
		return nil, err
	}
	for field, value := range map[string]string{"uid": string(from.GetUID()), "resourceVersion": from.GetResourceVersion()} {
		if err := unstructured.SetNestedField(patch, value, "metadata", field); err != nil {
			return nil, err
		}
	}
	return json.Marshal(patch)
}
