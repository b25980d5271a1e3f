package timeline

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
)

// pod notes the state of a pod. The watch selects by labels, so that it calls a pod deleted that somebody has given other
// ones. One that was on its way out is gone, though it may have been removed from sight a little earlier; of all others the
// API is asked, while the watch goes on.
func (r *Recorder) pod(pod *corev1.Pod, deleted, initial bool) {
	if left := deleted && pod.DeletionTimestamp == nil; left {
		r.notePod(pod, event.PodObserved{Left: true})
		r.departed.add(pod)
		return
	}
	r.notePod(pod, event.PodObserved{Gone: deleted, Initial: initial})
}

// notePod completes what is seen of a pod that is there, has left, or is gone.
func (r *Recorder) notePod(pod *corev1.Pod, seen event.PodObserved) {
	absent := seen.Gone || seen.Left
	o := event.PodObserved{
		UID: string(pod.UID), Name: pod.Name, Namespace: pod.Namespace, Node: pod.Spec.NodeName, Target: true,
		Scheduled:   pod.Spec.NodeName != "",
		Prepared:    cluster.PodCondition(pod, corev1.PodReadyToStartContainers),
		Running:     containersRun(pod),
		Ready:       cluster.PodCondition(pod, corev1.PodReady) && !absent,
		Terminating: pod.DeletionTimestamp != nil,
		Gone:        seen.Gone, Left: seen.Left, Initial: seen.Initial, Addresses: addresses(pod),
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
	if !seen.Initial {
		r.keepInitial(&o)
	}
	r.note("pod/"+o.UID, o, seen.Gone)
}

// keepInitial carries the mark of a pod that was there from the start over to its later states.
func (r *Recorder) keepInitial(o *event.PodObserved) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if before, ok := r.last["pod/"+o.UID].(event.PodObserved); ok {
		o.Initial = before.Initial
	}
}

// addresses are the pod's own. Those of its node say nothing of who is reached by them.
func addresses(pod *corev1.Pod) string {
	if pod.Spec.HostNetwork {
		return ""
	}
	var all []string
	for _, ip := range pod.Status.PodIPs {
		all = append(all, ip.IP)
	}
	return strings.Join(all, ",")
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
