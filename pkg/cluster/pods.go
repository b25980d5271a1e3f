package cluster

import (
	"context"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// pageSize is how many pods are asked for at once: a page of them is about a MB on the wire.
const pageSize = 250

// Census is what one list of a namespace's pods has shown. Pods that have finished are left out.
type Census struct {
	// Pods are those that the selector matches, by what chaosctl needs of them; they share what they have in common, and
	// are not to be changed.
	Pods []*corev1.Pod
	// Everybody is each pod of the namespace.
	Everybody []Present
}

// Present is a pod that is there.
type Present struct {
	UID   types.UID
	Ready bool
}

// Census lists the pods of a namespace.
func (c *Cluster) Census(ctx context.Context, namespace string, selector labels.Selector) (*Census, error) {
	census, keep := &Census{}, slimmer{}
	err := c.EachPod(ctx, namespace, metav1.ListOptions{FieldSelector: unfinished.String()}, func(p *corev1.Pod) {
		uid := p.UID
		if selector.Matches(labels.Set(p.Labels)) {
			pod := keep.slim(p)
			census.Pods, uid = append(census.Pods, pod), pod.UID
		}
		census.Everybody = append(census.Everybody, Present{uid, PodReady(p)})
	})
	return census, err
}

// Pods lists the pods of a namespace that match the selector and have not finished, by what chaosctl needs of them. They
// share what they have in common, and are not to be changed.
func (c *Cluster) Pods(ctx context.Context, namespace string, selector labels.Selector) ([]*corev1.Pod, error) {
	return c.pods(ctx, namespace, metav1.ListOptions{LabelSelector: selector.String(), FieldSelector: unfinished.String()})
}

// PodsOnNode lists the pods of all namespaces that a node runs, as [Cluster.Pods] does.
func (c *Cluster) PodsOnNode(ctx context.Context, node string) ([]*corev1.Pod, error) {
	selector := fields.AndSelectors(unfinished, fields.OneTermEqualSelector("spec.nodeName", node))
	return c.pods(ctx, metav1.NamespaceAll, metav1.ListOptions{FieldSelector: selector.String()})
}

var unfinished = fields.AndSelectors(
	fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded)),
	fields.OneTermNotEqualSelector("status.phase", string(corev1.PodFailed)),
)

func (c *Cluster) pods(ctx context.Context, namespace string, options metav1.ListOptions) ([]*corev1.Pod, error) {
	var all []*corev1.Pod
	var keep slimmer
	err := c.EachPod(ctx, namespace, options, func(p *corev1.Pod) { all = append(all, keep.slim(p)) })
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

// slimmer keeps of pods what choosing, guarding and placing them need. Pods of one workload are alike in most of that,
// and so share it with the one before: of 10,000 such pods there remain 15 MB.
type slimmer struct{ last *corev1.Pod }

func (s *slimmer) slim(p *corev1.Pod) *corev1.Pod {
	out := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: p.Namespace, Name: p.Name, UID: p.UID, Labels: p.Labels, Annotations: kept(p.Annotations), OwnerReferences: p.OwnerReferences,
			CreationTimestamp: p.CreationTimestamp, DeletionTimestamp: p.DeletionTimestamp, DeletionGracePeriodSeconds: p.DeletionGracePeriodSeconds,
		},
		Spec: corev1.PodSpec{
			NodeName: p.Spec.NodeName, NodeSelector: p.Spec.NodeSelector, Affinity: p.Spec.Affinity, Tolerations: p.Spec.Tolerations,
			Overhead: p.Spec.Overhead, TerminationGracePeriodSeconds: p.Spec.TerminationGracePeriodSeconds,
		},
		Status: corev1.PodStatus{Phase: p.Status.Phase},
	}
	for _, c := range p.Status.Conditions {
		out.Status.Conditions = append(out.Status.Conditions, corev1.PodCondition{Type: c.Type, Status: c.Status})
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
	if s.last != nil {
		share(out, s.last)
	}
	s.last = out
	return out
}

// share lets a pod have the other's parts where its own are equal.
func share(pod, other *corev1.Pod) {
	if pod.Namespace == other.Namespace {
		pod.Namespace = other.Namespace
	}
	if maps.Equal(pod.Labels, other.Labels) {
		pod.Labels = other.Labels
	}
	same(&pod.OwnerReferences, &other.OwnerReferences)
	same(&pod.Status.Conditions, &other.Status.Conditions)
	same(&pod.Status.Phase, &other.Status.Phase)
	same(&pod.Spec.NodeSelector, &other.Spec.NodeSelector)
	same(&pod.Spec.Affinity, &other.Spec.Affinity)
	same(&pod.Spec.Tolerations, &other.Spec.Tolerations)
	same(&pod.Spec.Overhead, &other.Spec.Overhead)
	same(&pod.Spec.TerminationGracePeriodSeconds, &other.Spec.TerminationGracePeriodSeconds)
	same(&pod.Spec.InitContainers, &other.Spec.InitContainers)
	same(&pod.Spec.Containers, &other.Spec.Containers)
	same(&pod.Spec.Volumes, &other.Spec.Volumes)
}

func same[T any](part, other *T) {
	if equality.Semantic.DeepEqual(*part, *other) {
		*part = *other
	}
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
