package soak

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
)

// namespace is that of the workload, which is there as long as the lab.
const namespace = "soak"

// newScene makes a workload of one pod, of which the test says that it is ready, as a kubelet would, and the ConfigMap that is
// broken.
func newScene(t *testing.T) *corev1.ConfigMap {
	t.Helper()
	ctx, core := t.Context(), shared.client.CoreV1()
	_, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	require.NoError(t, err)
	settings, err := core.ConfigMaps(namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "settings"}, Data: map[string]string{"mode": "fast"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	labels := map[string]string{"app": "web"}
	_, err = shared.client.AppsV1().Deployments(namespace).Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "web"}}},
			},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	ready := []byte(`{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}`)
	require.NoError(t, wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		pods, err := core.Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		for _, p := range pods.Items {
			if _, err := core.Pods(namespace).Patch(ctx, p.Name, types.MergePatchType, ready, metav1.PatchOptions{}, "status"); err != nil {
				return false, err
			}
		}
		d, err := shared.client.AppsV1().Deployments(namespace).Get(ctx, "web", metav1.GetOptions{})
		return err == nil && d.Status.ObservedGeneration == d.Generation && d.Status.AvailableReplicas == 1, err
	}), "the workload is ready")
	return settings
}

// kept is how many runs the game day keeps.
const kept = 20

// experiment lasts for about two seconds.
const experiment = `apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: short}
spec:
  promise: configuration
  target: {namespace: ` + namespace + `, workload: deployment/web}
  steady: {for: 500ms}
  duration: 200ms
  recovery: {timeout: 1m, stableFor: 100ms}
  expect:
  - replicas: {atLeast: 1}
  faults:
  - {name: break, configCorrupt: {configMap: settings, key: mode}}
`

// gameDay is due faster than its experiments run, so that one follows upon the other.
var gameDay = fmt.Sprintf(`apiVersion: chaosctl.dev/v1alpha1
kind: GameDay
metadata: {name: soak}
spec:
  schedule: "@every 1s"
  concurrency: queue
  history: {keep: %d}
  experiments:
  - {file: short.yaml}
`, kept)
