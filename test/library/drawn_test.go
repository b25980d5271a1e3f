package library

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/examples/shop/deploy"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/test/internal/shop"
)

// drawnShop is a shop that is nowhere but in its manifests, as it would be on the nodes of the lab with all of its pods ready.
type drawnShop struct {
	inject.View // of what no experiment of the library looks at there is nothing
	nodes       []corev1.Node
	pods        []*cluster.Pod
	whole       map[string]*unstructured.Unstructured // of the pods
	workloads   []*cluster.Workload
	services    []corev1.Service
	configMaps  map[string]*corev1.ConfigMap
	secrets     map[string]*corev1.Secret
	autoscalers []autoscalingv2.HorizontalPodAutoscaler
}

// draw reads the manifests of the shop, or of an overlay.
func draw(t *testing.T, overlay string) *drawnShop {
	t.Helper()
	objects, err := deploy.Render(shop.Manifests(overlay), deploy.Namespace)
	require.NoError(t, err)
	s := &drawnShop{
		whole: map[string]*unstructured.Unstructured{}, configMaps: map[string]*corev1.ConfigMap{}, secrets: map[string]*corev1.Secret{},
	}
	for i, zone := range []string{"a", "b", "a"} {
		name := fmt.Sprintf("node%d", i+1)
		s.nodes = append(s.nodes, corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), Labels: map[string]string{corev1.LabelTopologyZone: zone}}})
	}
	for _, o := range objects {
		s.add(t, o)
	}
	return s
}

func (s *drawnShop) add(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	read := func(into any) {
		require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, into, true))
	}
	o.SetUID(types.UID(o.GetKind() + "-" + o.GetName()))
	switch o.GetKind() {
	case "Deployment":
		var d appsv1.Deployment
		read(&d)
		s.deployment(t, &d)
	case "Service":
		var service corev1.Service
		read(&service)
		s.services = append(s.services, service)
	case "ConfigMap":
		var c corev1.ConfigMap
		read(&c)
		s.configMaps[c.Name] = &c
	case "Secret":
		var secret corev1.Secret
		read(&secret)
		secret.Data = map[string][]byte{}
		for key, value := range secret.StringData {
			secret.Data[key] = []byte(value)
		}
		s.secrets[secret.Name] = &secret
	case "HorizontalPodAutoscaler":
		var a autoscalingv2.HorizontalPodAutoscaler
		read(&a)
		s.autoscalers = append(s.autoscalers, a)
	}
}

// deployment adds a workload with its pods, which are spread over the nodes, or all on the first where they want to be together.
func (s *drawnShop) deployment(t *testing.T, d *appsv1.Deployment) {
	t.Helper()
	n := *d.Spec.Replicas
	d.Status = appsv1.DeploymentStatus{Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n}
	w, err := cluster.FromDeployment(d)
	require.NoError(t, err)
	s.workloads = append(s.workloads, w)
	for i := range int(n) {
		node := s.nodes[i%len(s.nodes)].Name
		if d.Spec.Template.Spec.Affinity != nil {
			node = s.nodes[0].Name
		}
		name := fmt.Sprintf("%s-%d", d.Name, i)
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: d.Namespace, Name: name, UID: types.UID(name), Labels: d.Spec.Template.Labels,
				OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: d.Name, Controller: new(true)}},
			},
			Spec:   *d.Spec.Template.Spec.DeepCopy(),
			Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
		}
		for _, c := range pod.Spec.Containers {
			running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
			pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{Name: c.Name, ContainerID: "drawn://" + name, Ready: true, State: running})
		}
		pod.Spec.NodeName = node
		pod.Spec.RestartPolicy = corev1.RestartPolicyAlways // as the API server has it where nothing is said
		s.pods = append(s.pods, cluster.PodOf(pod))
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(pod)
		require.NoError(t, err)
		s.whole[name] = &unstructured.Unstructured{Object: content}
	}
}

// workload is the one that an experiment is for.
func (s *drawnShop) workload(t *testing.T, of experiment.Target) *cluster.Workload {
	t.Helper()
	for _, w := range s.workloads {
		if w.String() == of.Workload {
			return w
		}
	}
	require.FailNow(t, "the shop has no such workload", of.Workload)
	return nil
}

func (s *drawnShop) everybody() (all []cluster.Present) {
	for _, p := range s.pods {
		all = append(all, cluster.Present{UID: p.UID, Ready: p.Ready})
	}
	return all
}

func (s *drawnShop) Pods(_ context.Context, _ string, selector labels.Selector) ([]*cluster.Pod, error) {
	var found []*cluster.Pod
	for _, p := range s.pods {
		if selector.Matches(labels.Set(p.Labels)) {
			found = append(found, p)
		}
	}
	return found, nil
}

func (s *drawnShop) PodsOnNode(_ context.Context, node string) ([]*cluster.Pod, error) {
	var found []*cluster.Pod
	for _, p := range s.pods {
		if p.Node == node {
			found = append(found, p)
		}
	}
	return found, nil
}

func (s *drawnShop) Nodes(context.Context) ([]corev1.Node, error) { return s.nodes, nil }

func (s *drawnShop) Services(context.Context, string) ([]corev1.Service, error) {
	return s.services, nil
}

func (s *drawnShop) Workloads(context.Context, string) ([]*cluster.Workload, error) {
	return s.workloads, nil
}

func (s *drawnShop) ConfigMap(_ context.Context, _, name string) (*corev1.ConfigMap, error) {
	return s.configMaps[name], nil
}

func (s *drawnShop) Secret(_ context.Context, _, name string) (*corev1.Secret, error) {
	return s.secrets[name], nil
}

func (s *drawnShop) Autoscalers(_ context.Context, w *cluster.Workload) ([]autoscalingv2.HorizontalPodAutoscaler, error) {
	var found []autoscalingv2.HorizontalPodAutoscaler
	for i := range s.autoscalers {
		if s.autoscalers[i].Spec.ScaleTargetRef.Name == w.Name {
			found = append(found, s.autoscalers[i])
		}
	}
	return found, nil
}

// Served says that the kinds which are asked for are served.
func (s *drawnShop) Served(kind string) (cluster.Served, error) {
	return cluster.Served{Kind: kind}, nil
}

// Object reads a whole pod, and no other object.
func (s *drawnShop) Object(_ context.Context, _ schema.GroupVersionResource, _, name string) (*unstructured.Unstructured, error) {
	return s.whole[name], nil
}
