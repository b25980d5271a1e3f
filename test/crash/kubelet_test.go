package crash

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ready is what a kubelet would say of a pod.
func ready(pod *corev1.Pod) []byte {
	var all []map[string]any
	for _, c := range pod.Spec.Containers {
		all = append(all, map[string]any{
			"name": c.Name, "image": c.Image, "imageID": "", "containerID": "played://" + c.Name, "ready": true, "restartCount": 0,
			"state": map[string]any{"running": map[string]any{}},
		})
	}
	return encode(map[string]any{"status": map[string]any{
		"phase": "Running", "conditions": []any{map[string]any{"type": "Ready", "status": "True"}}, "containerStatuses": all,
	}})
}

// isReady says that it has been made ready. The controller of nodes takes that back, once, from a pod that comes to a node which
// nothing is heard of, as of all nodes here.
func isReady(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodRunning && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// playKubelet makes all pods of the lab ready, and lets the agents in them end at once, until ctx ends.
func playKubelet(ctx context.Context) {
	for ctx.Err() == nil {
		watcher, err := shared.client.CoreV1().Pods("").Watch(ctx, metav1.ListOptions{})
		if err != nil {
			time.Sleep(time.Second)
			continue
		}
		for e := range watcher.ResultChan() {
			pod, ok := e.Object.(*corev1.Pod)
			if !ok || pod.DeletionTimestamp != nil {
				continue
			}
			var status []byte
			switch {
			case !isReady(pod):
				status = ready(pod)
			case len(pod.Spec.EphemeralContainers) > len(pod.Status.EphemeralContainerStatuses):
				status = ended(pod)
			default:
				continue
			}
			// One that is gone meanwhile needs nothing.
			_, _ = shared.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, status, metav1.PatchOptions{}, "status")
		}
	}
}

// ended is what a kubelet would say of a pod's agents that were told to stop.
func ended(pod *corev1.Pod) []byte {
	var all []map[string]any
	for _, c := range pod.Spec.EphemeralContainers {
		all = append(all, map[string]any{"name": c.Name, "image": c.Image, "imageID": "", "ready": false, "restartCount": 0, "state": map[string]any{
			"terminated": map[string]any{"exitCode": 0, "reason": "Completed", "message": `{"end":"stopped"}`},
		}})
	}
	return encode(map[string]any{"status": map[string]any{"ephemeralContainerStatuses": all}})
}
