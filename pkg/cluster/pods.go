package cluster

import (
	"context"
	"maps"
	"net/netip"

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
	// Pods are those that the selector matches. They share what they have in common, and are not to be changed.
	Pods []*Pod
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
	census, common := &Census{}, gatherer{}
	err := c.EachPod(ctx, namespace, metav1.ListOptions{FieldSelector: unfinished.String()}, func(p *corev1.Pod) {
		uid := p.UID
		if selector.Matches(labels.Set(p.Labels)) {
			pod := common.gather(p)
			census.Pods, uid = append(census.Pods, pod), pod.UID
		}
		census.Everybody = append(census.Everybody, Present{uid, PodReady(p)})
	})
	return census, err
}

// Pods lists the pods of a namespace that match the selector and have not finished. They share what they have in common,
// and are not to be changed.
func (c *Cluster) Pods(ctx context.Context, namespace string, selector labels.Selector) ([]*Pod, error) {
	return c.pods(ctx, namespace, metav1.ListOptions{LabelSelector: selector.String(), FieldSelector: unfinished.String()})
}

// PodsOnNode lists the pods of all namespaces that a node runs, as [Cluster.Pods] does.
func (c *Cluster) PodsOnNode(ctx context.Context, node string) ([]*Pod, error) {
	selector := fields.AndSelectors(unfinished, fields.OneTermEqualSelector("spec.nodeName", node))
	return c.pods(ctx, metav1.NamespaceAll, metav1.ListOptions{FieldSelector: selector.String()})
}

var unfinished = fields.AndSelectors(
	fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded)),
	fields.OneTermNotEqualSelector("status.phase", string(corev1.PodFailed)),
)

func (c *Cluster) pods(ctx context.Context, namespace string, options metav1.ListOptions) ([]*Pod, error) {
	var all []*Pod
	var common gatherer
	err := c.EachPod(ctx, namespace, options, func(p *corev1.Pod) { all = append(all, common.gather(p)) })
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

// gatherer makes pods that share what they have in common with the one before.
type gatherer struct{ last *Pod }

func (g *gatherer) gather(p *corev1.Pod) *Pod {
	pod := PodOf(p)
	if last := g.last; last != nil {
		if pod.Namespace == last.Namespace {
			pod.Namespace = last.Namespace
		}
		if pod.Phase == last.Phase {
			pod.Phase = last.Phase
		}
		if maps.Equal(pod.Labels, last.Labels) {
			pod.Labels = last.Labels
		}
		if equality.Semantic.DeepEqual(pod.OwnerReferences, last.OwnerReferences) {
			pod.OwnerReferences = last.OwnerReferences
		}
		if equality.Semantic.DeepEqual(pod.Shape, last.Shape) {
			pod.Shape = last.Shape
		}
	}
	g.last = pod
	return pod
}

// Pod is what choosing, guarding and placing a pod need of it: with what it shares with others, a fiftieth of the whole.
type Pod struct {
	// ObjectMeta has no managed fields, and of the annotations those that decide what may be done to the pod.
	metav1.ObjectMeta
	// Node is the name of the node that it is bound to.
	Node  string
	Phase corev1.PodPhase
	// Ready says that its condition Ready is true and that it is not on its way out.
	Ready bool
	// Gates are the conditions without which it is not ready, beside those of its containers (spec.readinessGates), with
	// their status: True, or what else they are. Most pods have none.
	Gates map[string]corev1.ConditionStatus
	// Addresses are those of its network, of one or both families; those of its node where it is in the node's network.
	Addresses []netip.Addr
	// Shape is what it asks of a node, its emptyDir volumes, and whether it is in the node's network; other pods may have the same.
	Shape *corev1.PodSpec
}

// PodOf keeps of a pod what [Pod] says.
func PodOf(p *corev1.Pod) *Pod {
	shape := &corev1.PodSpec{
		NodeSelector: p.Spec.NodeSelector, Affinity: p.Spec.Affinity, Tolerations: p.Spec.Tolerations, Overhead: p.Spec.Overhead, HostNetwork: p.Spec.HostNetwork,
	}
	for _, c := range p.Spec.InitContainers {
		shape.InitContainers = append(shape.InitContainers, corev1.Container{Name: c.Name, Resources: c.Resources, RestartPolicy: c.RestartPolicy})
	}
	for _, c := range p.Spec.Containers {
		shape.Containers = append(shape.Containers, corev1.Container{Name: c.Name, Resources: c.Resources})
	}
	for _, v := range p.Spec.Volumes {
		if v.EmptyDir != nil {
			shape.Volumes = append(shape.Volumes, corev1.Volume{Name: v.Name, VolumeSource: corev1.VolumeSource{EmptyDir: v.EmptyDir}})
		}
	}
	return &Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: p.Namespace, Name: p.Name, UID: p.UID, Labels: p.Labels, Annotations: kept(p.Annotations), OwnerReferences: p.OwnerReferences, Finalizers: p.Finalizers,
			CreationTimestamp: p.CreationTimestamp, DeletionTimestamp: p.DeletionTimestamp, DeletionGracePeriodSeconds: p.DeletionGracePeriodSeconds,
		},
		Node: p.Spec.NodeName, Phase: p.Status.Phase, Ready: PodReady(p), Gates: gates(p), Addresses: addresses(p), Shape: shape,
	}
}

func addresses(p *corev1.Pod) []netip.Addr {
	var all []netip.Addr
	for _, ip := range p.Status.PodIPs {
		if a, err := netip.ParseAddr(ip.IP); err == nil {
			all = append(all, a)
		}
	}
	return all
}

func gates(p *corev1.Pod) map[string]corev1.ConditionStatus {
	if len(p.Spec.ReadinessGates) == 0 {
		return nil
	}
	all := map[string]corev1.ConditionStatus{}
	for _, g := range p.Spec.ReadinessGates {
		all[string(g.ConditionType)] = "" // as long as nobody has said anything
	}
	for _, c := range p.Status.Conditions {
		if _, ok := all[string(c.Type)]; ok {
			all[string(c.Type)] = c.Status
		}
	}
	return all
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
