package apply

import (
	"context"
	"encoding/json"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// update reads the object, lets change decide and edit a copy of it, and sends the difference as one merge patch under
// the preconditions of the UID and the resource version that were read. After a conflict all of it is done again.
// An object that is gone, or is another of the same name, is NotFound. An error of change is returned at once. A subresource
// takes the part of the difference that it is for.
func (a *Applier) update(ctx context.Context, c *inject.Change, sent func(), change func(*unstructured.Unstructured) (bool, error), subresource ...string) error {
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
			_, err = a.resource(c.Object).Patch(ctx, c.Object.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager, DryRun: a.dryRun}, append(subresources(c), subresource...)...)
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

// subresources are those of a request that writes the change: one, or none.
func subresources(c *inject.Change) []string {
	if s := c.Subresource(); s != "" {
		return []string{s}
	}
	return nil
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
