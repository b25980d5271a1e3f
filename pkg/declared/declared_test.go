package declared_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/scheme"
	clienttesting "k8s.io/client-go/testing"

	"github.com/chaosctl/chaosctl/pkg/declared"
)

// world is a Deployment and what there is around it.
type world struct {
	deployment *appsv1.Deployment
	active     *appsv1.ReplicaSet
	service    *corev1.Service
	budget     *policyv1.PodDisruptionBudget
	slice      *discoveryv1.EndpointSlice
	settings   *corev1.ConfigMap
	further    []runtime.Object
}

func newWorld() *world {
	named := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: "shop", UID: types.UID("uid-" + name), Generation: 1, ResourceVersion: "7"}
	}
	replicas, yes := int32(3), true
	web := map[string]string{"app": "web"}
	w := &world{
		deployment: &appsv1.Deployment{ObjectMeta: named("web"), Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: web},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: web}, Spec: corev1.PodSpec{Containers: []corev1.Container{
				{Name: "side", Image: "side:1"}, {Name: "web", Image: "web:1", Env: []corev1.EnvVar{{Name: "PASSWORD", Value: "hunter2"}}},
			}}},
		}},
		active:   &appsv1.ReplicaSet{ObjectMeta: named("web-1"), Spec: appsv1.ReplicaSetSpec{Replicas: &replicas}},
		service:  &corev1.Service{ObjectMeta: named("web"), Spec: corev1.ServiceSpec{Selector: web, Ports: []corev1.ServicePort{{Port: 80}}}},
		budget:   &policyv1.PodDisruptionBudget{ObjectMeta: named("web"), Spec: policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: web}}},
		slice:    &discoveryv1.EndpointSlice{ObjectMeta: named("web-x")},
		settings: &corev1.ConfigMap{ObjectMeta: named("settings"), Data: map[string]string{"app.yaml": "password: hunter2"}},
	}
	w.active.Labels = web
	w.active.OwnerReferences = []metav1.OwnerReference{{Kind: "Deployment", Name: "web", UID: w.deployment.UID, Controller: &yes}}
	w.slice.Labels = map[string]string{discoveryv1.LabelServiceName: "web"}
	w.slice.Endpoints = []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.1"}}, {Addresses: []string{"10.0.0.2"}}}
	// Of no concern to the target:
	zero := int32(0)
	old := w.active.DeepCopy()
	old.Name, old.Spec.Replicas = "web-0", &zero
	w.further = []runtime.Object{old,
		&corev1.Service{ObjectMeta: named("other"), Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "other"}}},
		&corev1.ConfigMap{ObjectMeta: named("unused")},
	}
	return w
}

func (w *world) objects() []runtime.Object {
	all := append([]runtime.Object{}, w.further...)
	for _, o := range []struct {
		object runtime.Object
		there  bool
	}{{w.deployment, w.deployment != nil}, {w.active, w.active != nil}, {w.service, w.service != nil}, {w.budget, w.budget != nil}, {w.slice, w.slice != nil}, {w.settings, w.settings != nil}} {
		if o.there {
			all = append(all, o.object)
		}
	}
	return all
}

func read(t *testing.T, w *world) *declared.State {
	t.Helper()
	s, err := declared.Read(context.Background(), fake.NewSimpleDynamicClient(scheme.Scheme, w.objects()...), subject())
	require.NoError(t, err)
	return s
}

func subject() declared.Subject {
	return declared.Subject{
		Resource: appsv1.SchemeGroupVersion.WithResource("deployments"), Kind: "Deployment", Namespace: "shop", Name: "web",
		Selector: labels.SelectorFromSet(labels.Set{"app": "web"}), Labels: labels.Set{"app": "web"}, ConfigMaps: []string{"settings", "optional"},
	}
}

func autoscaler() *autoscalingv2.HorizontalPodAutoscaler {
	return &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop"}, Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
		ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{Kind: "Deployment", Name: "web"}, MaxReplicas: 9,
	}}
}

func TestDifferences(t *testing.T) {
	two := int32(2)
	for name, c := range map[string]struct {
		before, change func(w *world)
		want           []string
	}{
		"nothing":        {nil, func(*world) {}, nil},
		"a field":        {nil, func(w *world) { w.deployment.Spec.Replicas = &two }, []string{"deployment/web: spec.replicas is 2, was 3"}},
		"an image":       {nil, func(w *world) { w.deployment.Spec.Template.Spec.Containers[1].Image = "web:2" }, []string{"deployment/web: spec.template.spec.containers[web].image is web:2, was web:1"}},
		"a secret value": {nil, func(w *world) { w.deployment.Spec.Template.Spec.Containers[1].Env[0].Value = "hunter3" }, []string{"deployment/web: spec.template.spec.containers[web].env[PASSWORD].value has changed"}},
		"another order":  {nil, func(w *world) { c := w.deployment.Spec.Template.Spec.Containers; c[0], c[1] = c[1], c[0] }, nil},
		"one container more": {nil, func(w *world) {
			c := &w.deployment.Spec.Template.Spec.Containers
			*c = append(*c, corev1.Container{Name: "new"})
		}, []string{"deployment/web: spec.template.spec.containers[new] was added"}},
		"a ConfigMap":       {nil, func(w *world) { w.settings.Data["app.yaml"] = "password: hunter3" }, []string{"configmap/settings: data[app.yaml] has changed"}},
		"a key":             {nil, func(w *world) { delete(w.settings.Data, "app.yaml") }, []string{"configmap/settings: data was removed"}},
		"a ConfigMap gone":  {nil, func(w *world) { w.settings = nil }, []string{"configmap/settings is gone"}},
		"a budget":          {nil, func(w *world) { w.budget = nil }, []string{"poddisruptionbudget/web is gone"}},
		"a port":            {nil, func(w *world) { w.service.Spec.Ports[0].Port = 81 }, []string{"service/web: spec.ports[0].port is 81, was 80"}},
		"made again":        {nil, func(w *world) { w.service.UID = "another" }, []string{"service/web was deleted and made again"}},
		"an endpoint less":  {nil, func(w *world) { w.slice.Endpoints = w.slice.Endpoints[1:] }, []string{"service/web: readyEndpoints is 1, was 2"}},
		"a mark":            {nil, func(w *world) { w.deployment.Labels = map[string]string{"chaosctl.dev/run": "r1"} }, []string{"deployment/web: metadata.labels was added"}},
		"an old ReplicaSet": {nil, func(w *world) { w.further[0].(*appsv1.ReplicaSet).Spec.Replicas = &two }, []string{"replicaset/web-0 was not there before"}},
		"ours made again":   {nil, func(w *world) { w.active.UID = "another" }, nil},
		"what controllers write": {nil, func(w *world) {
			w.deployment.Annotations = map[string]string{"deployment.kubernetes.io/revision": "3", corev1.LastAppliedConfigAnnotation: "hunter2"}
			w.deployment.Generation, w.deployment.ResourceVersion, w.deployment.Status.Replicas = 5, "99", 7
		}, nil},
		"an autoscaler": {nil, func(w *world) { w.further = append(w.further, autoscaler()) }, []string{"horizontalpodautoscaler/web was not there before"}},
		"scaled by one": {func(w *world) { w.further = append(w.further, autoscaler()) }, func(w *world) {
			w.deployment.Spec.Replicas, w.active.Spec.Replicas, w.slice.Endpoints = &two, &two, w.slice.Endpoints[1:]
		}, nil},
		"its bounds": {func(w *world) { w.further = append(w.further, autoscaler()) }, func(w *world) {
			w.further[len(w.further)-1].(*autoscalingv2.HorizontalPodAutoscaler).Spec.MaxReplicas = 5
		}, []string{"horizontalpodautoscaler/web: spec.maxReplicas is 5, was 9"}},
		"others": {nil, func(w *world) {
			w.further[1].(*corev1.Service).Spec.Ports, w.further[2].(*corev1.ConfigMap).Data = []corev1.ServicePort{{Port: 1}}, map[string]string{"a": "b"}
		}, nil},
		"all gone": {nil, func(w *world) { w.deployment = nil }, []string{"deployment/web is gone", "replicaset/web-1 is gone"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			if c.before != nil {
				c.before(w)
			}
			before := read(t, w)
			c.change(w)
			var told []string
			differences := before.Differences(read(t, w))
			for _, d := range differences {
				told = append(told, d.String())
			}
			assert.Equal(t, c.want, told)
			text, err := json.Marshal(differences)
			require.NoError(t, err)
			assert.NotContains(t, string(text), "hunter")
		})
	}
}

func TestMoved(t *testing.T) {
	w := newWorld()
	before := read(t, w)
	assert.Equal(t, 5, before.Objects())
	assert.Empty(t, before.Moved(read(t, w)))
	w.deployment.Generation++
	w.settings.ResourceVersion = "8"
	w.active.Generation++
	assert.Equal(t, []string{"configmap/settings", "deployment/web"}, before.Moved(read(t, w)))
	w.further = append(w.further, autoscaler())
	assert.Equal(t, []string{"configmap/settings"}, before.Moved(read(t, w)), "an autoscaler may have written the Deployment")
}

// TestUnreadable: a state that is not whole would be unlike any other.
func TestUnreadable(t *testing.T) {
	for _, resource := range []string{"deployments", "replicasets", "services", "endpointslices", "poddisruptionbudgets", "horizontalpodautoscalers", "configmaps"} {
		client := fake.NewSimpleDynamicClient(scheme.Scheme, newWorld().objects()...)
		client.PrependReactor("*", resource, func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, apierrors.NewForbidden(appsv1.Resource(resource), "", nil)
		})
		_, err := declared.Read(context.Background(), client, subject())
		require.ErrorContains(t, err, resource)
	}
}
