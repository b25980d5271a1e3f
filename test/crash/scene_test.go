package crash

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/test/internal/snapshot"
)

// scene is a namespace with a Deployment web, which takes its configuration from the ConfigMap settings and the Secret
// credentials, and a Service of its name. A scene with a node has a Deployment bystander too, whose pods are on it. Their namespaces stay until the lab goes.
type scene struct {
	namespace string
	// node is empty where the fault needs none.
	node string
	// autoscaled says that the number of replicas of web is not for people to set.
	autoscaled bool
	// target is what the experiments are about, beside its namespace.
	target string
	// deployments are those that it has.
	deployments []string
	// scratch is a directory, in which a file effect is part of the scene.
	scratch string
	// runs is the directory of its latest run, and recovery are the arguments with which that is recovered.
	runs     string
	recovery []string
	// last is what was seen of it when it was given back.
	last *snapshot.Snapshot
}

// scenery is what only some scenes have: a node, which may be in a zone of its name beside another zone, an autoscaler of web,
// a Lease that somebody holds, and a pod lone without a controller, which is the target then, with a Service of its name.
type scenery struct{ node, zones, autoscaler, pod, lease bool }

// gate is the readiness gate of the pod lone.
const gate = "example.com/in-rotation"

// newScene makes one whose nodes stay until another test is over, which lasts longer.
func newScene(t, lasting *testing.T, with scenery) *scene {
	t.Helper()
	ctx, core := t.Context(), shared.client.CoreV1()
	s := &scene{namespace: "crash-" + strings.ToLower(rand.Text()[:8]), target: "workload: deployment/web", scratch: lasting.TempDir()}
	_, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = core.ConfigMaps(s.namespace).Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "settings", Labels: map[string]string{"app": "web"}},
		Data: map[string]string{
			"settings.json": `{"mode": "it's \"fast\""}`, "other": "untouched",
			"large.txt": strings.Repeat("too large for a marker\n", inject.InlineOriginal/20),
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = core.Secrets(s.namespace).Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "credentials"}, StringData: map[string]string{"user": "web", "password": "it's-not-a-real-1"},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	s.serve(t, "web", map[string]string{"app": "web"})
	s.deploy(t, "web", "")
	if with.pod {
		s.alone(t)
	}
	if with.autoscaler {
		s.autoscale(t)
	}
	if with.lease {
		now := metav1.NowMicro()
		_, err := shared.client.CoordinationV1().Leases(s.namespace).Create(ctx, &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Name: "operator"},
			Spec:       coordinationv1.LeaseSpec{HolderIdentity: new("op-1"), LeaseDurationSeconds: new(int32(3600)), RenewTime: &now, AcquireTime: &now},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
	}
	if with.node {
		s.node = "node-" + s.namespace
		s.addNode(t, lasting, s.node, with.zones)
		if with.zones {
			s.addNode(t, lasting, "other-"+s.namespace, true)
		}
		s.deploy(t, "bystander", s.node)
	}
	s.settle(t)
	return s
}

// addNode makes a node, in a zone of its name if that is wanted.
func (s *scene) addNode(t, lasting *testing.T, name string, zoned bool) {
	t.Helper()
	nodes := shared.client.CoreV1().Nodes()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if zoned {
		node.Labels = map[string]string{corev1.LabelTopologyZone: name}
	}
	_, err := nodes.Create(t.Context(), node, metav1.CreateOptions{})
	require.NoError(t, err)
	lasting.Cleanup(func() {
		err := nodes.Delete(context.WithoutCancel(lasting.Context()), name, metav1.DeleteOptions{})
		if !apierrors.IsNotFound(err) {
			require.NoError(lasting, err)
		}
	})
}

// serve makes a Service.
func (s *scene) serve(t *testing.T, name string, selector map[string]string) {
	t.Helper()
	_, err := shared.client.CoreV1().Services(s.namespace).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.ServiceSpec{Selector: selector, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
}

// alone makes a pod that no controller replaces, and so has the same name in each scene, and makes it the target.
func (s *scene) alone(t *testing.T) {
	t.Helper()
	s.target = "selector: {app: lone}"
	labels := map[string]string{"app": "lone", "traffic": "open"}
	s.serve(t, "lone", labels)
	pods := shared.client.CoreV1().Pods(s.namespace)
	eventually(t, "the pod is ready", func(ctx context.Context) bool {
		pod, err := pods.Get(ctx, "lone", metav1.GetOptions{})
		if apierrors.IsNotFound(err) { // it may have to wait for its ServiceAccount
			_, _ = pods.Create(ctx, &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Name: "lone", Labels: labels},
				Spec: corev1.PodSpec{
					Containers: []corev1.Container{{Name: "lone", Image: "registry.example/lone:1"}}, AutomountServiceAccountToken: new(bool),
					ShareProcessNamespace: new(true), ReadinessGates: []corev1.PodReadinessGate{{ConditionType: gate}},
				},
			}, metav1.CreateOptions{})
		}
		return err == nil && pod.Status.Phase == corev1.PodRunning
	})
	open := `{"status":{"conditions":[{"type":"` + gate + `","status":"True"}]}}`
	_, err := pods.Patch(t.Context(), "lone", types.StrategicMergePatchType, []byte(open), metav1.PatchOptions{}, "status")
	require.NoError(t, err)
}

// autoscale makes an autoscaler that knows no metrics, and so does nothing as long as its limits allow what there is.
func (s *scene) autoscale(t *testing.T) {
	t.Helper()
	least, most := int32(1), int32(9)
	_, err := shared.client.AutoscalingV2().HorizontalPodAutoscalers(s.namespace).Create(t.Context(), &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
			MinReplicas:    &least, MaxReplicas: most,
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	s.autoscaled = true
}

// deploy makes a Deployment whose pods take the configuration, and are on a node if one is given.
func (s *scene) deploy(t *testing.T, name, node string) {
	t.Helper()
	s.deployments = append(s.deployments, name)
	labels, replicas, grace := map[string]string{"app": name}, int32(2), int64(0)
	container := corev1.Container{Name: name, Image: "registry.example/" + name + ":1"}
	if node == "" {
		container.EnvFrom = []corev1.EnvFromSource{
			{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}},
			{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "credentials"}}},
		}
	}
	_, err := shared.client.AppsV1().Deployments(s.namespace).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				// No kubelet would say that a pod on a node has stopped.
				Spec: corev1.PodSpec{Containers: []corev1.Container{container}, NodeName: node, TerminationGracePeriodSeconds: &grace},
			},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
}

// settle waits until the controllers have made what every namespace has, and the pods count as ready.
func (s *scene) settle(t *testing.T) {
	t.Helper()
	eventually(t, "the scene is set", func(ctx context.Context) bool {
		_, err := shared.client.CoreV1().ServiceAccounts(s.namespace).Get(ctx, "default", metav1.GetOptions{})
		_, certificateErr := shared.client.CoreV1().ConfigMaps(s.namespace).Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
		if err != nil || certificateErr != nil {
			return false
		}
		for _, name := range s.deployments {
			d, err := shared.client.AppsV1().Deployments(s.namespace).Get(ctx, name, metav1.GetOptions{})
			if err != nil || d.Status.ObservedGeneration != d.Generation || d.Status.AvailableReplicas != *d.Spec.Replicas || d.Status.Replicas != *d.Spec.Replicas {
				return false
			}
		}
		return true
	})
}

// look takes a snapshot of it.
func (s *scene) look(ctx context.Context) (*snapshot.Snapshot, error) {
	var nodes []string
	if s.node != "" {
		nodes = []string{s.node}
	}
	found, err := shared.viewer.Look(ctx, s.namespace, nodes...)
	if err != nil {
		return nil, err
	}
	if web := found.Objects["Deployment web"]; s.autoscaled && web != nil {
		unstructured.RemoveNestedField(web.Object, "spec", "replicas")
	}
	if _, err := os.Stat(filepath.Join(s.scratch, "effect")); err == nil {
		found.Objects[outsideEffect] = &unstructured.Unstructured{Object: map[string]any{"kind": "File"}}
	}
	return found, nil
}

// outsideEffect is what a command has done, which bears no mark.
const outsideEffect = "File effect"

// inert says that an object is a marked policy for admission, or the binding of one, and that a pod is admitted nevertheless.
func (s *scene) inert(t *testing.T, o *unstructured.Unstructured) bool {
	t.Helper()
	if o == nil || !strings.HasPrefix(o.GetKind(), "ValidatingAdmissionPolicy") || !snapshot.Marked(o) {
		return false
	}
	_, err := shared.client.CoreV1().Pods(s.namespace).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "one-more", Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "one", Image: "registry.invalid/one:1"}}},
	}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err == nil
}

// experiment is one with these faults, as short as it can be.
func (s *scene) experiment(faults string) string {
	faults = strings.NewReplacer("NODE", s.node, "SCRATCH", s.scratch).Replace(strings.TrimSpace(faults))
	return fmt.Sprintf(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: crash}
spec:
  promise: configuration
  seed: 1
  target: {namespace: %s, %s}
  guard: {maxAffected: 100%%, maxAffectedOfNamespace: 100%%, minReady: 0}
  steady: {for: 1ms}
  duration: 100ms
  recovery: {timeout: 2s, stableFor: 1ms}
  expect:
  - replicas: {atLeast: 1}
  faults:
  %s
`, s.namespace, s.target, strings.ReplaceAll(faults, "\n", "\n  "))
}

// eventually waits for a condition, longer than a busy machine takes for anything here.
func eventually(t *testing.T, what string, condition func(context.Context) bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !condition(t.Context()) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
