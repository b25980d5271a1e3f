package recovery

import (
	"context"
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

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// scene is a namespace with a workload, of whose pod the test says that it is ready, as a kubelet would, and two
// ConfigMaps that are broken, the second one when the test has had time for something.
type scene struct {
	namespace string
	before    []*corev1.ConfigMap
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{namespace: newNamespace(t)}
	for i := range 2 {
		made, err := shared.client.CoreV1().ConfigMaps(s.namespace).Create(t.Context(), &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("settings-%d", i)}, Data: map[string]string{"mode": "fast", "other": "untouched"},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
		s.before = append(s.before, made)
	}
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
	eventually(t, "the workload is ready", func() bool {
		pods, err := shared.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		for _, p := range pods.Items {
			ready := []byte(`{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}`)
			_, err := shared.client.CoreV1().Pods(s.namespace).Patch(t.Context(), p.Name, types.MergePatchType, ready, metav1.PatchOptions{}, "status")
			require.NoError(t, err)
		}
		d, err := shared.client.AppsV1().Deployments(s.namespace).Get(t.Context(), "web", metav1.GetOptions{})
		require.NoError(t, err)
		return d.Status.ObservedGeneration == d.Generation && d.Status.AvailableReplicas == 1
	})
	return s
}

// The windows of experiments: one that a test ends, and one that it waits for.
const (
	long  = 5 * time.Minute
	short = time.Second
)

// experiment writes one that breaks a ConfigMap, and the other one after a while.
func (s *scene) experiment(t *testing.T, duration, second time.Duration) string {
	t.Helper()
	text := fmt.Sprintf(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: recovery}
spec:
  promise: configuration
  target: {namespace: %s, workload: deployment/web}
  steady: {for: 100ms}
  duration: %s
  recovery: {timeout: 1m, stableFor: 100ms}
  expect:
  - replicas: {atLeast: 1}
  faults:
  - {name: first, configCorrupt: {configMap: settings-0, key: mode}}
  - {name: second, at: %s, configCorrupt: {configMap: settings-1, key: mode}}
`, s.namespace, duration, second)
	path := filepath.Join(t.TempDir(), "experiment.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// start starts a run whose first fault is there when start returns, and whose second is a minute off.
func (s *scene) start(t *testing.T, kubeconfig string, flags ...string) *binary.Process {
	t.Helper()
	p := binary.Chaosctl{Kubeconfig: kubeconfig}.Start(t, "run", append([]string{"-f", s.experiment(t, long, time.Minute)}, flags...)...)
	p.Says(t, "proved  patch configmap")
	require.NotEqual(t, "fast", s.now(t, 0).Data["mode"])
	return p
}

// run is the id of the run that has the lease.
func (s *scene) run(t *testing.T) string {
	t.Helper()
	leases, err := shared.client.CoordinationV1().Leases(s.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "chaosctl.dev/lease"})
	require.NoError(t, err)
	require.Len(t, leases.Items, 1)
	return leases.Items[0].Labels["chaosctl.dev/lease"]
}

func (s *scene) now(t *testing.T, i int) *corev1.ConfigMap {
	t.Helper()
	c, err := shared.client.CoreV1().ConfigMaps(s.namespace).Get(context.WithoutCancel(t.Context()), s.before[i].Name, metav1.GetOptions{})
	require.NoError(t, err)
	return c
}

// assertClean wants the ConfigMaps as they were, and nothing of chaosctl's in the namespace.
func (s *scene) assertClean(t *testing.T) {
	t.Helper()
	for i, before := range s.before {
		now := s.now(t, i)
		assert.Equal(t, before.UID, now.UID)
		assert.Equal(t, before.Data, now.Data)
		assert.Equal(t, before.Labels, now.Labels)
		assert.Equal(t, before.Annotations, now.Annotations)
	}
	assertNothingLeft(t, s.namespace)
}

// assertNothingLeft wants no Lease and no journal.
func assertNothingLeft(t *testing.T, namespace string) {
	t.Helper()
	leases, err := shared.client.CoordinationV1().Leases(namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	assert.Empty(t, leases.Items)
	secrets, err := shared.client.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "chaosctl.dev/journal"})
	require.NoError(t, err)
	assert.Empty(t, secrets.Items)
}

// assertAborted wants a run to have ended before its time, with everything put back, and to say why.
func assertAborted(t *testing.T, p *binary.Process, why string) {
	t.Helper()
	assert.Equal(t, report.ExitAborted, p.Exit(t))
	r := p.Result(t)
	assert.Equal(t, report.UndoClean, r.Undo)
	if assert.NotEmpty(t, r.Reasons) {
		assert.Contains(t, r.Reasons[0], why)
	}
	t.Log(strings.Join(r.Reasons, "; "))
}

// chaosctl runs a command to its end.
func chaosctl(t *testing.T, command string, args ...string) (p *binary.Process, code int) {
	t.Helper()
	p = binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, command, args...)
	code = p.Exit(t)
	t.Logf("chaosctl %s %s: exit %d\n%s%s", command, strings.Join(args, " "), code, p.Stdout, p.Stderr)
	return p, code
}

// versions are the resource versions of the ConfigMaps: each write changes one.
func (s *scene) versions(t *testing.T) []string {
	t.Helper()
	return []string{s.now(t, 0).ResourceVersion, s.now(t, 1).ResourceVersion}
}

// marked says that a ConfigMap bears a mark of the run.
func (s *scene) marked(t *testing.T, i int, run string) bool {
	t.Helper()
	now := s.now(t, i)
	text, err := json.Marshal(now.Annotations)
	require.NoError(t, err)
	return now.Labels["chaosctl.dev/run"] == run && strings.Contains(string(text), "chaosctl.dev/undo-")
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
