package outage

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// scene is a namespace with a workload and the ConfigMaps that are broken. Nothing runs there: the test says of the
// workload's pod that it is ready, as a kubelet would.
type scene struct {
	namespace string
	before    []corev1.ConfigMap
}

// newScene makes a namespace of the test's own with so many ConfigMaps.
func newScene(t *testing.T, configMaps int) *scene {
	t.Helper()
	s := &scene{namespace: "outage-" + strings.ToLower(rand.Text()[:8])}
	ctx, core := t.Context(), shared.client.CoreV1()
	_, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}}, metav1.CreateOptions{})
	require.NoError(t, err)
	for i := range configMaps {
		made, err := core.ConfigMaps(s.namespace).Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("settings-%d", i)},
			Data:       map[string]string{"mode": fmt.Sprintf("it's \"fast\" %d", i), "other": "untouched"},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
		s.before = append(s.before, *made)
	}
	s.deploy(t)
	return s
}

// deploy makes the workload and waits until it has settled.
func (s *scene) deploy(t *testing.T) {
	t.Helper()
	labels := map[string]string{"app": "web"}
	_, err := shared.client.AppsV1().Deployments(s.namespace).Create(t.Context(), &appsv1.Deployment{
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
	eventually(t, "the pod is there", func() bool {
		pods, err := shared.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		for _, p := range pods.Items {
			ready := []byte(`{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}`)
			_, err := shared.client.CoreV1().Pods(s.namespace).Patch(t.Context(), p.Name, types.MergePatchType, ready, metav1.PatchOptions{}, "status")
			require.NoError(t, err)
		}
		return len(pods.Items) > 0
	})
	eventually(t, "the workload is ready", func() bool {
		d, err := shared.client.AppsV1().Deployments(s.namespace).Get(t.Context(), "web", metav1.GetOptions{})
		require.NoError(t, err)
		return d.Status.ObservedGeneration == d.Generation && d.Status.AvailableReplicas == 1
	})
}

// experiment writes one that breaks all ConfigMaps of the scene for so long, with more lines for its spec.
func (s *scene) experiment(t *testing.T, duration time.Duration, more ...string) string {
	t.Helper()
	var faults strings.Builder
	for _, c := range s.before {
		fmt.Fprintf(&faults, "  - {name: %s, configCorrupt: {configMap: %s, key: mode}}\n", c.Name, c.Name)
	}
	text := fmt.Sprintf(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: outage}
spec:
  promise: configuration
  target: {namespace: %s, workload: deployment/web}
  steady: {for: 1s}
  duration: %s
  recovery: {timeout: 1m, stableFor: 100ms}
  expect:
  - replicas: {atLeast: 1}
  faults:
%s%s`, s.namespace, duration, faults.String(), strings.Join(more, ""))
	path := filepath.Join(t.TempDir(), "experiment.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// now reads the ConfigMaps of the scene.
func (s *scene) now(t *testing.T) []corev1.ConfigMap {
	t.Helper()
	var all []corev1.ConfigMap
	for i := range s.before {
		c, err := shared.client.CoreV1().ConfigMaps(s.namespace).Get(context.WithoutCancel(t.Context()), s.before[i].Name, metav1.GetOptions{})
		require.NoError(t, err)
		all = append(all, *c)
	}
	return all
}

// broken counts the ConfigMaps that are not as before. At whatever instant it is asked, each of them must bear the
// marker by which it can be put back (G2).
func (s *scene) broken(t *testing.T) int {
	t.Helper()
	count := 0
	for i, c := range s.now(t) {
		if c.Data["mode"] == s.before[i].Data["mode"] {
			continue
		}
		count++
		text, err := json.Marshal(c.Annotations)
		require.NoError(t, err)
		assert.NotEmpty(t, c.Labels["chaosctl.dev/run"], "%s is broken without a label", c.Name)
		assert.Contains(t, string(text), "chaosctl.dev/undo-", "%s is broken without a marker", c.Name)
	}
	return count
}

// assertRestored wants the ConfigMaps to be the same objects with the same content, and nothing of chaosctl left on them.
func (s *scene) assertRestored(t *testing.T) {
	t.Helper()
	for i, c := range s.now(t) {
		before := s.before[i]
		assert.Equal(t, before.UID, c.UID, c.Name)
		assert.Equal(t, before.Data, c.Data, c.Name)
		assert.Equal(t, before.Labels, c.Labels, c.Name)
		assert.Equal(t, before.Annotations, c.Annotations, c.Name)
	}
}

// eventually waits for a condition, longer than a busy machine takes for anything here.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
