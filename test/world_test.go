package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// objects are all that is in the namespace, whatever their kind; events are left out, which are the cluster's diary.
func (s *shop) objects(t *testing.T) []unstructured.Unstructured {
	t.Helper()
	lists, err := s.client.Discovery().ServerPreferredNamespacedResources()
	require.NoError(t, err)
	var all []unstructured.Unstructured
	for _, list := range discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "get"}}, lists) {
		group, err := schema.ParseGroupVersion(list.GroupVersion)
		require.NoError(t, err)
		for _, r := range list.APIResources {
			if r.Kind == "Event" {
				continue
			}
			found, err := s.dynamic.Resource(group.WithResource(r.Name)).Namespace(s.namespace).List(t.Context(), metav1.ListOptions{})
			require.NoError(t, err)
			all = append(all, found.Items...)
		}
	}
	require.NotEmpty(t, all)
	return all
}

// versions are the resource versions of all objects in the namespace: every write changes one.
func (s *shop) versions(t *testing.T) map[string]string {
	t.Helper()
	versions := map[string]string{}
	for _, o := range s.objects(t) {
		versions[o.GetKind()+"/"+o.GetName()] = string(o.GetUID()) + " at " + o.GetResourceVersion()
	}
	return versions
}

// nodes are all nodes as they were declared: without their status, which the kubelets write, and the taint by which a
// controller follows their being cordoned.
func (c *cluster) nodes(t *testing.T) map[string]any {
	t.Helper()
	list, err := c.client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	nodes := map[string]any{}
	for _, n := range list.Items {
		var taints []corev1.Taint
		for _, taint := range n.Spec.Taints {
			if taint.Key != corev1.TaintNodeUnschedulable {
				taints = append(taints, taint)
			}
		}
		n.Spec.Taints = taints
		nodes[n.Name] = map[string]any{"uid": n.UID, "labels": n.Labels, "annotations": n.Annotations, "spec": n.Spec}
	}
	return nodes
}

// marks are the objects of the namespace, and the nodes, that bear a mark of chaosctl's in any place. Pods on their way
// out do not count, nor do the pods that a ReplicaSet without replicas would have: it is the record of a past rollout.
func (s *shop) marks(t *testing.T) []string {
	t.Helper()
	var marked []string
	for _, o := range s.objects(t) {
		if o.GetKind() == "Pod" && o.GetDeletionTimestamp() != nil {
			continue
		}
		if replicas, found, _ := unstructured.NestedInt64(o.Object, "spec", "replicas"); found && replicas == 0 && o.GetKind() == "ReplicaSet" {
			unstructured.RemoveNestedField(o.Object, "spec", "template")
		}
		unstructured.RemoveNestedField(o.Object, "metadata", "managedFields")
		text, err := json.Marshal(o.Object)
		require.NoError(t, err)
		if strings.Contains(string(text), "chaosctl.dev/") {
			marked = append(marked, o.GetKind()+"/"+o.GetName()+": "+string(text))
		}
	}
	for name, node := range s.nodes(t) {
		text, err := json.Marshal(node)
		require.NoError(t, err)
		if strings.Contains(string(text), "chaosctl.dev/") {
			marked = append(marked, "Node/"+name+": "+string(text))
		}
	}
	slices.Sort(marked)
	return marked
}
