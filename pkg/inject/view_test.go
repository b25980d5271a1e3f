package inject_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// view is a cluster in memory. Its lists are handed out as they are: a fault must not change them.
type view struct {
	pods        []*cluster.Pod
	nodes       []corev1.Node
	configMaps  []corev1.ConfigMap
	secrets     []corev1.Secret
	services    []corev1.Service
	workloads   []*cluster.Workload
	autoscalers []autoscalingv2.HorizontalPodAutoscaler
	// objects are of any kind, by resource, namespace and name; see add.
	objects map[string]*unstructured.Unstructured
}

func (v *view) Pods(_ context.Context, namespace string, selector labels.Selector) ([]*cluster.Pod, error) {
	var found []*cluster.Pod
	for _, p := range v.pods {
		if p.Namespace == namespace && selector.Matches(labels.Set(p.Labels)) {
			found = append(found, p)
		}
	}
	return found, nil
}

func (v *view) PodsOnNode(_ context.Context, node string) ([]*cluster.Pod, error) {
	var found []*cluster.Pod
	for _, p := range v.pods {
		if p.Node == node {
			found = append(found, p)
		}
	}
	return found, nil
}

func (v *view) Nodes(context.Context) ([]corev1.Node, error) { return v.nodes, nil }

func (v *view) ConfigMap(_ context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	for i := range v.configMaps {
		if c := &v.configMaps[i]; c.Namespace == namespace && c.Name == name {
			return c, nil
		}
	}
	return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "configmaps"}, name)
}

func (v *view) Secret(_ context.Context, namespace, name string) (*corev1.Secret, error) {
	for i := range v.secrets {
		if s := &v.secrets[i]; s.Namespace == namespace && s.Name == name {
			return s, nil
		}
	}
	return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "secrets"}, name)
}

func (v *view) Services(_ context.Context, namespace string) ([]corev1.Service, error) {
	var found []corev1.Service
	for i := range v.services {
		if v.services[i].Namespace == namespace {
			found = append(found, v.services[i])
		}
	}
	return found, nil
}

func (v *view) Workloads(context.Context, string) ([]*cluster.Workload, error) {
	return v.workloads, nil
}

func (v *view) Autoscalers(context.Context, *cluster.Workload) ([]autoscalingv2.HorizontalPodAutoscaler, error) {
	return v.autoscalers, nil
}

// Served knows Kubernetes' own kinds, by their types.
func (v *view) Served(kind string) (cluster.Served, error) {
	for known := range scheme.Scheme.AllKnownTypes() {
		many, one := meta.UnsafeGuessKindToResource(known)
		if !slices.Contains([]string{many.Resource, one.Resource, known.Kind, known.Kind + "." + known.Version + "." + known.Group}, kind) || known.Group == "extensions" {
			continue
		}
		_, namespaced, err := access.Offline{}.Resource(known.GroupKind().String())
		verbs := []string{"create", "delete", "get", "list", "patch"}
		if known.Kind == "Binding" {
			verbs = verbs[:1]
		}
		return cluster.Served{Resource: many, Kind: known.Kind, Namespaced: namespaced, Verbs: verbs}, err
	}
	return cluster.Served{}, &cluster.UnservedError{Kind: kind}
}

func (v *view) Object(_ context.Context, resource schema.GroupVersionResource, namespace, name string) (*unstructured.Unstructured, error) {
	if o := v.objects[resource.String()+" "+namespace+"/"+name]; o != nil {
		return o, nil
	}
	return nil, apierrors.NewNotFound(resource.GroupResource(), name)
}

// add puts objects that name their kind into the view.
func (v *view) add(t *testing.T, objects ...runtime.Object) {
	t.Helper()
	for _, typed := range objects {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
		require.NoError(t, err)
		o := &unstructured.Unstructured{Object: content}
		resource, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind())
		if v.objects == nil {
			v.objects = map[string]*unstructured.Unstructured{}
		}
		v.objects[resource.String()+" "+o.GetNamespace()+"/"+o.GetName()] = o
	}
}

func (v *view) scope() inject.Scope {
	return inject.Scope{
		View:     v,
		Workload: &cluster.Workload{Kind: "Deployment", Namespace: "shop", Name: "web", Selector: labels.SelectorFromSet(labels.Set{"app": "web"})},
		Draw:     target.Draw{Seed: 42, Label: "fault/1"}, Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	}
}

// pod of the target on a node; its UID is that of its name.
func pod(name, node string, change ...func(*corev1.Pod)) *cluster.Pod {
	yes := true
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID("uid-" + name), Labels: map[string]string{"app": "web"},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-5d", Controller: &yes}},
		},
		Spec: corev1.PodSpec{NodeName: node},
	}
	for _, c := range change {
		c(p)
	}
	return cluster.PodOf(p)
}

func terminating(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }

// in moves a pod to another namespace, where it is none of the target's.
func in(namespace string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Namespace, p.Labels = namespace, nil }
}

func ownedBy(kind string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.OwnerReferences[0].Kind = kind }
}

func annotated(name, value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Annotations = map[string]string{name: value} }
}

// planned plans twice, and holds the plan to being the same.
func planned(t *testing.T, f inject.Fault, s inject.Scope) []inject.Change {
	t.Helper()
	changes, err := f.Plan(t.Context(), s)
	require.NoError(t, err)
	again, err := f.Plan(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, changes, again, "a plan changes nothing of what it looks at")
	ids := map[string]bool{}
	for i := range changes {
		assert.False(t, ids[changes[i].ID], "%s is there twice", changes[i].ID)
		ids[changes[i].ID] = true
		assert.NotEmpty(t, changes[i].What)
		assert.NotEmpty(t, changes[i].Undo())
		if !changes[i].InCluster() {
			continue // nothing in the cluster
		}
		if changes[i].Create == nil {
			assert.NotEmpty(t, changes[i].Object.UID, "the UID fences the request")
		}
		assert.NotEmpty(t, changes[i].Object.Resource.Resource)
	}
	return changes
}

// refused expects a refusal.
func refused(t *testing.T, f inject.Fault, s inject.Scope, want string) {
	t.Helper()
	changes, err := f.Plan(t.Context(), s)
	assert.Empty(t, changes)
	var refusal *target.Refusal
	require.ErrorAs(t, err, &refusal)
	assert.Contains(t, refusal.Reason, want)
}

func names(changes []inject.Change) (all []string) {
	for i := range changes {
		all = append(all, fmt.Sprintf("%d %s %s", changes[i].Stage, changes[i].Verb(), changes[i].Object.Name))
	}
	return all
}
