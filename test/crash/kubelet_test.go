package crash

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ready is what a kubelet would say of a pod.
var ready = []byte(`{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}`)

// playKubelet makes all pods of the lab ready, until ctx ends.
func playKubelet(ctx context.Context) {
	for ctx.Err() == nil {
		watcher, err := shared.client.CoreV1().Pods("").Watch(ctx, metav1.ListOptions{})
		if err != nil {
			time.Sleep(time.Second)
			continue
		}
		for e := range watcher.ResultChan() {
			pod, ok := e.Object.(*corev1.Pod)
			if !ok || e.Type != "ADDED" || pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodRunning {
				continue
			}
			// One that is gone meanwhile needs nothing.
			_, _ = shared.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, ready, metav1.PatchOptions{}, "status")
		}
	}
}
