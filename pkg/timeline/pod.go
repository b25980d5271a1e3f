package timeline

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
)

func (r *Recorder) pod(pod *corev1.Pod, deleted, initial bool) {
	o := event.PodObserved{
		UID: string(pod.UID), Name: pod.Name, Namespace: pod.Namespace, Node: pod.Spec.NodeName, Target: true,
		Scheduled:   pod.Spec.NodeName != "",
		Prepared:    cluster.PodCondition(pod, corev1.PodReadyToStartContainers),
		Running:     containersRun(pod),
		Ready:       cluster.PodCondition(pod, corev1.PodReady) && !deleted,
		Terminating: pod.DeletionTimestamp != nil,
		Gone:        deleted, Initial: initial,
	}
	if c := metav1.GetControllerOf(pod); c != nil {
		o.OwnerUID, o.OwnerKind, o.Owner = string(c.UID), c.Kind, c.Name
	}
	for _, s := range pod.Status.ContainerStatuses {
		o.Restarts += int(s.RestartCount)
		if s.State.Waiting != nil && s.State.Waiting.Reason != "ContainerCreating" && s.State.Waiting.Reason != "PodInitializing" {
			o.Reason = s.State.Waiting.Reason
		}
	}
	// Being initial is not a state: it must not make a difference by itself.
	if !initial {
		r.keepInitial(&o)
	}
	r.note("pod/"+o.UID, o, deleted)
}

// keepInitial carries the mark of a pod that was there from the start over to its later states.
func (r *Recorder) keepInitial(o *event.PodObserved) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if before, ok := r.last["pod/"+o.UID].(event.PodObserved); ok {
		o.Initial = before.Initial
	}
}

func containersRun(pod *corev1.Pod) bool {
	if len(pod.Status.ContainerStatuses) < len(pod.Spec.Containers) {
		return false
	}
	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Running == nil {
			return false
		}
	}
	return true
}

// endpointSlice compares the slice with what it listed before: an endpoint that is missing was removed.
func (r *Recorder) endpointSlice(slice *discoveryv1.EndpointSlice, deleted, initial bool) {
	service := slice.Labels[discoveryv1.LabelServiceName]
	listed := map[string]event.EndpointObserved{}
	if !deleted {
		for _, e := range slice.Endpoints {
			if e.TargetRef == nil || e.TargetRef.Kind != "Pod" {
				continue
			}
			listed[string(e.TargetRef.UID)] = event.EndpointObserved{
				Service: service, PodUID: string(e.TargetRef.UID), Pod: e.TargetRef.Name, Initial: initial,
				// The API says that an absent ready means ready, and that an absent serving follows ready.
				Ready:       orElse(e.Conditions.Ready, true),
				Serving:     orElse(e.Conditions.Serving, orElse(e.Conditions.Ready, true)),
				Terminating: orElse(e.Conditions.Terminating, false),
			}
		}
	}
	key := slice.Namespace + "/" + slice.Name
	r.mu.Lock()
	before := r.endpoints[key]
	r.endpoints[key] = listed
	if deleted {
		delete(r.endpoints, key)
	}
	r.mu.Unlock()
	for uid, e := range before {
		if _, still := listed[uid]; !still {
			r.log.Record(event.EndpointObserved{Service: e.Service, PodUID: uid, Pod: e.Pod, Removed: true})
		}
	}
	for uid, e := range listed {
		was, known := before[uid]
		e.Initial = initial || known && was.Initial
		listed[uid] = e
		if !known || was != e {
			r.log.Record(e)
		}
	}
}

func orElse(b *bool, otherwise bool) bool {
	if b == nil {
		return otherwise
	}
	return *b
}
