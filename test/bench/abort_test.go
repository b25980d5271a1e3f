package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/bench/record"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// breaking is a server that fails when it is told to, and notes when the first failure left it.
type breaking struct {
	mu    sync.Mutex
	fails bool
	first time.Time
}

func (s *breaking) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.fails {
		return
	}
	if s.first.IsZero() {
		s.first = time.Now()
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

func (s *breaking) fail() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = true
}

// faults is how many are active at once.
const faults = 10

// BenchmarkAbort is the time from the first response that breaks a run's condition until the API server has acknowledged the last
// undo, of a run with 10 faults and 1,000 requests a second. Peers look every 2 s, or every 10 s and three times.
func BenchmarkAbort(b *testing.B) {
	l := lab.Start(b, lab.Options{Name: binary.LabName("bench"), Profile: "control-plane"})
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig)
	require.NoError(b, err)
	client, err := kubernetes.NewForConfig(config)
	require.NoError(b, err)
	idle(b, client)
	file, err := record.Create(filepath.Join(binary.Repository(), "bench"), "abort", map[string]string{"chaosctl": "this commit"})
	require.NoError(b, err)
	var worst, sum time.Duration
	const each = 4
	for round := 1; b.Loop(); round++ {
		for place := range each {
			took := abort(b, l.Kubeconfig)
			worst, sum = max(worst, took), sum+took
			require.NoError(b, file.Add(record.Value{Round: round, Place: place + 1, Subject: record.Ours, Metric: "abort-ms", Value: took.Seconds() * 1e3}))
		}
	}
	require.NoError(b, file.Close())
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(sum.Seconds()*1e3/float64(each*b.N), "mean-ms")
	b.ReportMetric(worst.Seconds()*1e3, "worst-ms")
}

// idle makes a target: pods that are said to be ready, and ten ConfigMaps.
func idle(b *testing.B, client kubernetes.Interface) {
	ctx, none, replicas := b.Context(), false, int32(2)
	labels := map[string]string{"app": "web"}
	_, err := client.AppsV1().Deployments("default").Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec:       corev1.PodSpec{AutomountServiceAccountToken: &none, Containers: []corev1.Container{{Name: "web", Image: "web"}}},
		}},
	}, metav1.CreateOptions{})
	require.NoError(b, err)
	for n := range faults {
		_, err := client.CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("settings-%d", n)}, Data: map[string]string{"mode": "fast"},
		}, metav1.CreateOptions{})
		require.NoError(b, err)
	}
	watch, err := client.CoreV1().Pods("default").Watch(ctx, metav1.ListOptions{LabelSelector: "app=web"})
	require.NoError(b, err)
	defer watch.Stop()
	for ready := map[string]bool{}; len(ready) < int(replicas); {
		pod, is := (<-watch.ResultChan()).Object.(*corev1.Pod)
		if !is || ready[pod.Name] {
			continue
		}
		ready[pod.Name] = true
		status := []byte(`{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"podIP":"198.18.200.1"}}`)
		_, err := client.CoreV1().Pods("default").Patch(ctx, pod.Name, types.MergePatchType, status, metav1.PatchOptions{}, "status")
		require.NoError(b, err)
	}
}

// abort is one run, from its beginning to its end.
func abort(b *testing.B, kubeconfig string) time.Duration {
	handler := &breaking{}
	server := httptest.NewServer(handler)
	defer server.Close()
	var text strings.Builder
	fmt.Fprintf(&text, `apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: abort}
spec:
  promise: configuration
  target: {namespace: default, workload: deployment/web}
  load:
  - {name: browse, http: {url: %q}, rate: 1000/s}
  steady: {for: 2s}
  duration: 5m
  expect:
  - availability: {of: browse, atLeast: 90%%}
  abortIf:
  - availability: {of: browse, below: 99%%, over: 1s}
  guard: {maxAffected: 100%%, maxAffectedOfNamespace: 100%%, minReady: 0}
  faults:
`, server.URL)
	for n := range faults {
		fmt.Fprintf(&text, "  - {name: break-%d, configCorrupt: {configMap: settings-%[1]d, key: mode}}\n", n)
	}
	dir := b.TempDir()
	experiment, out := filepath.Join(dir, "abort.yaml"), filepath.Join(dir, "out")
	require.NoError(b, os.WriteFile(experiment, []byte(text.String()), 0o600))
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program(b, "chaosctl"), "run", "--kubeconfig", kubeconfig, "-f", experiment, "--out", out)
	command.Dir = dir
	said := &proofs{enough: handler.fail}
	command.Stderr, command.Stdout = said, said
	var exit *exec.ExitError
	require.ErrorAs(b, command.Run(), &exit, "%s", said.text.String())
	require.Equal(b, report.ExitAborted, exit.ExitCode(), "%s", said.text.String())
	return undone(b, out).Sub(handler.first)
}

// proofs reads what a run says, and knows when all faults were proved.
type proofs struct {
	text   bytes.Buffer
	enough func()
	done   bool
}

func (p *proofs) Write(part []byte) (int, error) {
	p.text.Write(part)
	if !p.done && strings.Count(p.text.String(), "proved  patch configmap") >= faults {
		p.done = true
		p.enough()
	}
	return len(part), nil
}

// undone is when the last change was.
func undone(b *testing.B, out string) (last time.Time) {
	found, err := filepath.Glob(filepath.Join(out, "*", "result.json"))
	require.NoError(b, err)
	if len(found) == 0 {
		found = []string{filepath.Join(out, "result.json")}
	}
	text, err := os.ReadFile(found[0])
	require.NoError(b, err)
	var r report.Result
	require.NoError(b, json.Unmarshal(text, &r))
	require.Equal(b, report.UndoClean, r.Undo)
	require.Len(b, r.Changes, faults)
	for _, c := range r.Changes {
		if c.UndoneAt.After(last) {
			last = c.UndoneAt
		}
	}
	return last
}
