package cluster

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NamespaceAnnotations reads those of a namespace. Where that is not allowed there are none: the permission is not worth
// asking every user for.
func (c *Cluster) NamespaceAnnotations(ctx context.Context, name string) map[string]string {
	namespace, err := c.Client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil
	}
	return namespace.Annotations
}

// Nodes lists all nodes.
func (c *Cluster) Nodes(ctx context.Context) ([]corev1.Node, error) {
	list, err := c.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// ConfigMap reads a ConfigMap.
func (c *Cluster) ConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	return c.Client.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
}

// Secret reads a Secret.
func (c *Cluster) Secret(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	return c.Client.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
}

// Services lists the Services of a namespace.
func (c *Cluster) Services(ctx context.Context, namespace string) ([]corev1.Service, error) {
	list, err := c.Client.CoreV1().Services(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Workloads lists the Deployments, StatefulSets and DaemonSets of a namespace.
func (c *Cluster) Workloads(ctx context.Context, namespace string) ([]*Workload, error) {
	apps := c.Client.AppsV1()
	deployments, err := apps.Deployments(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	statefulSets, err := apps.StatefulSets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	daemonSets, err := apps.DaemonSets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var all []*Workload
	var errs []error
	add := func(w *Workload, err error) {
		all, errs = append(all, w), append(errs, err)
	}
	for i := range deployments.Items {
		add(FromDeployment(&deployments.Items[i]))
	}
	for i := range statefulSets.Items {
		add(FromStatefulSet(&statefulSets.Items[i]))
	}
	for i := range daemonSets.Items {
		add(FromDaemonSet(&daemonSets.Items[i]))
	}
	return all, errors.Join(errs...)
}

// PodReady says that a pod's condition Ready is true and that it is not on its way out.
func PodReady(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && PodCondition(pod, corev1.PodReady)
}

// PodCondition says that a condition of the pod is true.
func PodCondition(pod *corev1.Pod, kind corev1.PodConditionType) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == kind {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// NodeReady says that a node's condition Ready is true.
func NodeReady(node *corev1.Node) bool {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
