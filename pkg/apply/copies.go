package apply

import (
	"context"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// copiesPatience bounds the removal of copies. They do no harm by themselves, and an interrupted run has little time (G7).
const copiesPatience = 2 * time.Second

// removeCopies removes what controllers have copied of the markers of changes that are undone. They hand the annotations
// of workloads down to ReplicaSets and ControllerRevisions and never take them back. From a ReplicaSet, `kubectl rollout
// undo` would bring the marker of a fault that is long gone back to the Deployment.
func (a *Applier) removeCopies(ctx context.Context, undone []*inject.Change) {
	var all sync.WaitGroup
	for _, c := range undone {
		if c.Create != nil {
			continue // what it has made goes, and what has copied from that with it
		}
		all.Go(func() {
			a.removeCopiesOf(ctx, c.Object, func(name string) bool { return name == MarkName(a.run, c.ID) })
		})
	}
	all.Wait()
}

// removeCopiesOf removes the markers of those names from what has copied them from an object.
func (a *Applier) removeCopiesOf(ctx context.Context, o inject.Object, match func(name string) bool) {
	copies := inject.CopiesOf(o.Resource)
	if copies.Empty() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, copiesPatience)
	defer cancel()
	if err := a.cleanCopies(ctx, o, copies, match); err != nil {
		a.log.Record(event.Noted{Level: "warning", Message: fmt.Sprintf("copies of chaosctl's annotations may be left on the %s of %s/%s, where they do no harm: %v",
			copies.Resource, o.Namespace, o.Name, err)})
	}
}

func (a *Applier) cleanCopies(ctx context.Context, o inject.Object, copies schema.GroupVersionResource, match func(name string) bool) error {
	if err := a.awaitController(ctx, o); err != nil {
		return err
	}
	client := a.cluster.Dynamic.Resource(copies).Namespace(o.Namespace)
	list, err := client.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range list.Items {
		copied := &list.Items[i]
		removed := map[string]any{}
		for _, name := range markers(copied) {
			if match(name) {
				removed[name] = nil
			}
		}
		if owner := metav1.GetControllerOf(copied); owner == nil || owner.UID != o.UID || len(removed) == 0 {
			continue
		}
		patch := mustJSON(map[string]any{"metadata": map[string]any{"uid": copied.GetUID(), "annotations": removed}})
		if _, err := client.Patch(ctx, copied.GetName(), types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager, DryRun: a.dryRun}); err != nil {
			return err
		}
	}
	return nil
}

// awaitController waits until the workload's controller has seen it without the marker, after which it copies none.
func (a *Applier) awaitController(ctx context.Context, o inject.Object) error {
	return wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		object, err := a.get(ctx, o)
		if object == nil || err != nil {
			return true, err
		}
		observed, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
		return observed >= object.GetGeneration(), nil
	})
}
