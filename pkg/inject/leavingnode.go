package inject

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// leavingNode are the pods of a node that a fault which empties it takes away: not those of DaemonSets, mirror pods, those that
// have opted out, nor those of protected namespaces unless the guard allows it. One that nothing would bring back is a refusal,
// and so is one whose data would be lost, unless that is agreed.
func leavingNode(ctx context.Context, s Scope, node string, deleteEmptyDirData bool) ([]*cluster.Pod, error) {
	onNode, err := s.PodsOnNode(ctx, node)
	if err != nil {
		return nil, err
	}
	var leaving []*cluster.Pod
	for _, pod := range onNode {
		if staysOnNode(pod) || target.OptedOut(pod.Annotations) || target.Protected(pod.Namespace) && !s.Guard.AllowProtected {
			continue
		}
		remedy := fmt.Sprintf("the annotation %s: \"true\" on it lets it stay", cluster.ProtectAnnotation)
		if err := mayBeLost(pod, deleteEmptyDirData, remedy); err != nil {
			return nil, err
		}
		leaving = append(leaving, pod)
	}
	return leaving, nil
}

// mayBeLost refuses to take away what would not come back. Remedy says how a pod without a controller can be spared.
func mayBeLost(pod *cluster.Pod, deleteEmptyDirData bool, remedy string) error {
	if !deleteEmptyDirData && hasEmptyDir(pod) {
		return &target.Refusal{Reason: fmt.Sprintf("pod %s/%s on %s has emptyDir data that would be lost: agree by deleteEmptyDirData: true", pod.Namespace, pod.Name, pod.Node)}
	}
	if metav1.GetControllerOf(pod) == nil {
		return &target.Refusal{Reason: fmt.Sprintf("pod %s/%s on %s has no controller, so nothing would bring it back: %s",
			pod.Namespace, pod.Name, pod.Node, remedy)}
	}
	return nil
}

// staysOnNode: a DaemonSet would put its pod right back, and the kubelet a mirror pod.
func staysOnNode(pod *cluster.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	return pod.DeletionTimestamp != nil || mirrors(pod) || owner != nil && owner.Kind == "DaemonSet"
}

// mirrors says that the pod is what the API shows of one that the kubelet runs by a file.
func mirrors(pod *cluster.Pod) bool {
	_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
	return mirror
}

func hasEmptyDir(pod *cluster.Pod) bool {
	return slices.ContainsFunc(pod.Shape.Volumes, func(v corev1.Volume) bool { return v.EmptyDir != nil })
}

// podsOfNodes are the needs of finding them, in all namespaces, since a node runs pods of any.
func podsOfNodes() []access.Need {
	return access.Needs("find the pods of the node", access.Object{Resource: pods.Resource, Namespace: access.Everywhere}, "list")
}
