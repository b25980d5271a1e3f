package cluster

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// pageSize is how many pods are asked for at once: a page of them is a few MB on the wire.
const pageSize = 500

// Pods lists the pods of a namespace that match the selector and have not finished, by what chaosctl needs of them: see
// [EachPod].
func (c *Cluster) Pods(ctx context.Context, namespace string, selector labels.Selector) ([]corev1.Pod, error) {
	return c.pods(ctx, namespace, metav1.ListOptions{LabelSelector: selector.String(), FieldSelector: unfinished.String()})
}

// PodsOnNode lists the pods of all namespaces that a node runs.
func (c *Cluster) PodsOnNode(ctx context.Context, node string) ([]corev1.Pod, error) {
	selector := fields.AndSelectors(unfinished, fields.OneTermEqualSelector("spec.nodeName", node))
	return c.pods(ctx, metav1.NamespaceAll, metav1.ListOptions{FieldSelector: selector.String()})
}

var unfinished = fields.AndSelectors(
	fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded)),
	fields.OneTermNotEqualSelector("status.phase", string(corev1.PodFailed)),
)

func (c *Cluster) pods(ctx context.Context, namespace string, options metav1.ListOptions) ([]corev1.Pod, error) {
	var all []corev1.Pod
	err := c.EachPod(ctx, namespace, options, func(p *corev1.Pod) { all = append(all, slim(p)) })
	return all, err
}

// EachPod passes the pods of a list on, page by page, so that memory does not grow with their number. The pod is the
// caller's only during the call.
func (c *Cluster) EachPod(ctx context.Context, namespace string, options metav1.ListOptions, each func(*corev1.Pod)) error {
	options.Limit = pageSize
	for {
		page, err := c.Client.CoreV1().Pods(namespace).List(ctx, options)
		if err != nil {
			return err
		}
		for i := range page.Items {
			each(&page.Items[i])
		}
		if options.Continue = page.Continue; page.Continue == "" {
			return nil
		}
	}
}

// slim keeps what choosing, guarding and placing a pod need: a tenth of the whole.
func slim(p *corev1.Pod) corev1.Pod {
	out := corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: p.Namespace, Name: p.Name, UID: p.UID, Labels: p.Labels, Annotations: kept(p.Annotations), OwnerReferences: p.OwnerReferences,
			CreationTimestamp: p.CreationTimestamp, DeletionTimestamp: p.DeletionTimestamp, DeletionGracePeriodSeconds: p.DeletionGracePeriodSeconds,
		},
		Spec: corev1.PodSpec{
			NodeName: p.Spec.NodeName, NodeSelector: p.Spec.NodeSelector, Affinity: p.Spec.Affinity, Tolerations: p.Spec.Tolerations,
			Overhead: p.Spec.Overhead, TerminationGracePeriodSeconds: p.Spec.TerminationGracePeriodSeconds,
		},
		Status: corev1.PodStatus{Phase: p.Status.Phase, Conditions: p.Status.Conditions},
	}
	for _, c := range p.Spec.InitContainers {
		out.Spec.InitContainers = append(out.Spec.InitContainers, corev1.Container{Name: c.Name, Resources: c.Resources, RestartPolicy: c.RestartPolicy})
	}
	for _, c := range p.Spec.Containers {
		out.Spec.Containers = append(out.Spec.Containers, corev1.Container{Name: c.Name, Resources: c.Resources})
	}
	for _, v := range p.Spec.Volumes {
		if v.EmptyDir != nil {
			out.Spec.Volumes = append(out.Spec.Volumes, corev1.Volume{Name: v.Name, VolumeSource: corev1.VolumeSource{EmptyDir: v.EmptyDir}})
		}
	}
	return out
}

// kept are the annotations that decide what may be done to a pod.
func kept(annotations map[string]string) map[string]string {
	var out map[string]string
	for _, name := range []string{corev1.MirrorPodAnnotationKey, ProtectAnnotation} {
		if value, ok := annotations[name]; ok {
			if out == nil {
				out = map[string]string{}
			}
			out[name] = value
		}
	}
	return out
}

// ProtectAnnotation set to "true" on a pod, a workload or a namespace keeps chaosctl's faults away from it.
const ProtectAnnotation = "chaosctl.dev/protect"
