package engine

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/chaosctl/chaosctl/pkg/condition"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// patience is how long the reading of the target for conditions may take.
const patience = 10 * time.Second

// snapshot records what conditions of the experiment look at, and no more than that. Without such there is no event.
func (r *Run) snapshot(ctx context.Context, moment event.Moment) {
	paths := looksAt(r.Plan, moment)
	if len(paths) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	read := event.TargetRead{Moment: moment, Unread: map[string]string{}}
	objects := map[string]any{}
	for name, reader := range r.readers() {
		if !slices.ContainsFunc(paths, func(p condition.Path) bool { return len(p) == 0 || p[0] == name }) {
			continue
		}
		switch object, err := reader(ctx); {
		case apierrors.IsNotFound(err):
		case err != nil:
			read.Unread[name] = err.Error()
		default:
			objects[name] = object
		}
	}
	// What a cluster holds is JSON, and so are the parts of it.
	read.Objects, _ = json.Marshal(pruned(objects, paths))
	r.Log.Record(read)
}

// looksAt lists the paths within a snapshot that expectations look at.
func looksAt(p *Plan, moment event.Moment) []condition.Path {
	var paths []condition.Path
	for _, e := range p.Experiment.Spec.Expect {
		if looker, ok := e.Params.(verdict.Onlooker); ok {
			for _, path := range looker.Looks() {
				if path[0] == string(moment) {
					paths = append(paths, path[1:])
				}
			}
		}
	}
	return paths
}

type reader func(context.Context) (any, error)

// readers are how the objects that conditions may look at are read, by their names.
func (r *Run) readers() map[string]reader {
	w, c := r.Plan.Workload, r.Plan.connection
	objects := c.Objects(w.Namespace)
	readers := map[string]reader{verdict.PodsObject: func(ctx context.Context) (any, error) {
		pods := []any{}
		var failed error
		err := c.EachPod(ctx, w.Namespace, metav1.ListOptions{LabelSelector: w.Selector.String()}, func(p *corev1.Pod) {
			pod, err := runtime.DefaultUnstructuredConverter.ToUnstructured(slimPod(p))
			if err != nil {
				failed = err
			}
			pods = append(pods, pod)
		})
		if err == nil {
			err = failed
		}
		return pods, err
	}}
	read := func(name, reference string) {
		readers[name] = func(ctx context.Context) (any, error) {
			object, err := objects.Object(ctx, reference)
			if err != nil {
				return nil, err
			}
			return presentable(name, object.Object), nil
		}
	}
	if kind, _ := r.Plan.Experiment.Spec.Target.WorkloadKind(); kind != "" {
		read(kind, r.Plan.Experiment.Spec.Target.Workload)
	}
	if service := verdict.ServiceOf(r.Plan.Experiment); service != "" {
		read(verdict.ServiceObject, "service/"+service)
	}
	return readers
}

// slimPod is what a condition may want to know of a pod.
func slimPod(p *corev1.Pod) *corev1.Pod {
	slim := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: p.Name, UID: p.UID, Labels: p.Labels, CreationTimestamp: p.CreationTimestamp, DeletionTimestamp: p.DeletionTimestamp,
		},
		Spec:   corev1.PodSpec{NodeName: p.Spec.NodeName},
		Status: corev1.PodStatus{Phase: p.Status.Phase, Reason: p.Status.Reason, StartTime: p.Status.StartTime},
	}
	for _, c := range p.Spec.Containers {
		slim.Spec.Containers = append(slim.Spec.Containers, corev1.Container{Name: c.Name, Image: c.Image})
	}
	for _, c := range p.Status.Conditions {
		slim.Status.Conditions = append(slim.Status.Conditions, corev1.PodCondition{Type: c.Type, Status: c.Status, Reason: c.Reason, LastTransitionTime: c.LastTransitionTime})
	}
	for _, c := range p.Status.ContainerStatuses {
		slim.Status.ContainerStatuses = append(slim.Status.ContainerStatuses, corev1.ContainerStatus{Name: c.Name, Ready: c.Ready, RestartCount: c.RestartCount, Image: c.Image})
	}
	return slim
}

// counts are the fields of the status that controllers leave out where they are 0.
func counts(kind string) []string {
	switch kind {
	case "deployment":
		return []string{"replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"}
	case "statefulset":
		return []string{"replicas", "currentReplicas", "updatedReplicas", "readyReplicas", "availableReplicas"}
	case "replicaset":
		return []string{"replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas"}
	case "daemonset":
		return []string{"updatedNumberScheduled", "numberAvailable", "numberUnavailable"}
	case "job":
		return []string{"active", "ready", "succeeded", "failed"}
	}
	return nil
}

// presentable is an object with the counts that are 0, and without what may be secret or is of no use.
func presentable(kind string, object map[string]any) map[string]any {
	if status, ok := object["status"].(map[string]any); ok {
		for _, name := range counts(kind) {
			if _, ok := status[name]; !ok {
				status[name] = int64(0)
			}
		}
	}
	if metadata, ok := object["metadata"].(map[string]any); ok {
		delete(metadata, "managedFields")
		if annotations, ok := metadata["annotations"].(map[string]any); ok {
			delete(annotations, corev1.LastAppliedConfigAnnotation)
		}
	}
	dropValues(object)
	return object
}

// dropValues takes the values of environment variables out of whatever pod template an object holds.
func dropValues(in any) {
	switch in := in.(type) {
	case map[string]any:
		for name, v := range in {
			if variables, ok := v.([]any); ok && name == "env" {
				for _, variable := range variables {
					if variable, ok := variable.(map[string]any); ok {
						delete(variable, "value")
					}
				}
			}
			dropValues(v)
		}
	case []any:
		for _, v := range in {
			dropValues(v)
		}
	}
}

// pruned keeps of an object what paths lead to. A path that ends wants all from there on.
func pruned(in any, paths []condition.Path) any {
	holder, ok := in.(map[string]any)
	if !ok || slices.ContainsFunc(paths, func(p condition.Path) bool { return len(p) == 0 }) {
		return in
	}
	further := map[string][]condition.Path{}
	for _, p := range paths {
		further[p[0]] = append(further[p[0]], p[1:])
	}
	kept := map[string]any{}
	for name, rest := range further {
		if v, ok := holder[name]; ok {
			kept[name] = pruned(v, rest)
		}
	}
	return kept
}
