package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// killing is a short experiment that kills a pod of the frontend under a load of fresh connections.
func killing(t *testing.T, rate, stableFor, expectations string) string {
	t.Helper()
	return file(t, fmt.Sprintf(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: language}
spec:
  promise: self-healing
  target: {namespace: shop, workload: deployment/frontend}
  load:
  - name: browse
    http: {service: frontend, port: http, path: /, podHeader: X-Pod}
    connections: fresh
    %s
  steady: {for: 2s}
  faults:
  - podKill: {count: 1}
  duration: 5s
  recovery: {timeout: 2m, stableFor: %s}
  expect:
%s`, rate, stableFor, expectations))
}

// TestLoadFollowsItsProfile wants bursts to be sent when they are due, told in words, and judged by their own rate.
func TestLoadFollowsItsProfile(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	const words = "bursts of 100/s for 1s every 3s, 20/s in between"
	p := chaosctl(t, s.cluster, "run", "-n", s.namespace, "-f",
		killing(t, "profile: {burst: {base: 20/s, peak: 100/s, every: 3s, for: 1s}}", "1s", "  - availability: {of: browse, atLeast: 50%}\n"))
	require.Zero(t, p.Exit(t))
	assert.Contains(t, p.Stderr.String(), words, "the plan tells it")

	r := p.Result(t)
	require.Len(t, r.Streams, 1)
	stream := r.Streams[0]
	assert.Equal(t, words, stream.Profile)
	assert.False(t, stream.Starved)
	assert.InDelta(t, stream.Asked, stream.Achieved, 1, "all that was asked for was sent")
	assert.InDelta(t, 0.05, stream.Spacing, 1e-6)

	var due []time.Duration
	samples, err := os.Open(filepath.Join(p.Dir(t), "samples.bin"))
	require.NoError(t, err)
	defer samples.Close()
	require.NoError(t, load.ReadSamples(samples, func(s load.Sample) error {
		due = append(due, time.Duration(s.Due))
		return nil
	}))
	slices.Sort(due)
	require.Greater(t, len(due), 200)
	n := 0
	for i, at := range due {
		const tolerance = time.Microsecond
		for burstsDue(n) < at-due[0]-tolerance {
			n++
		}
		require.InDelta(t, burstsDue(n), at-due[0], float64(tolerance), "request %d", n)
		if i < 200 { // the last ones may have been cancelled by the end of the run
			require.Equal(t, i, n, "a request is missing")
		}
	}
	t.Logf("%d requests, %.1f/s of %.1f/s on average", len(due), stream.Achieved, stream.Asked)
	assertFilesCanBeMadeAgain(t, s.cluster, p.Dir(t))
}

// burstsDue is when request n is due: 20 a second for 3 s, then 100 of a burst and 40 of the 2 s after it, over and over.
func burstsDue(n int) time.Duration {
	if n < 60 {
		return time.Duration(n) * 50 * time.Millisecond
	}
	at := 3*time.Second + time.Duration((n-60)/140)*3*time.Second
	if in := (n - 60) % 140; in >= 100 {
		return at + time.Second + time.Duration(in-100)*50*time.Millisecond
	}
	return at + time.Duration((n-60)%140)*10*time.Millisecond
}

// TestConditionsCompareAfterWithBefore kills a pod: the Deployment is as before, and its pods are not the same. The role
// that chaosctl rbac prints is enough to see that.
func TestConditionsCompareAfterWithBefore(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	experiment := killing(t, "rate: 20/s", "1s", `  - cel: after.deployment.status.readyReplicas == before.deployment.status.readyReplicas
  - cel: after.deployment.metadata.generation == before.deployment.metadata.generation && after.service.spec == before.service.spec
  - cel: size(after.pods.filter(p, !has(p.metadata.deletionTimestamp))) == size(before.pods)
  - cel: after.pods.all(p, before.pods.exists(b, b.metadata.uid == p.metadata.uid))
  - cel: after.deployment.status.nope == 1
`)
	a := newAccount(t, s, "-f", experiment)
	p := chaosctl(t, s.cluster, "run", "-n", s.namespace, "-f", experiment, "--kubeconfig", a.kubeconfig)
	require.Equal(t, report.ExitFail, p.Exit(t))
	r := p.Result(t)
	require.Len(t, r.Expectations, 5)
	for i, want := range []struct {
		verdict report.Verdict
		why     string
	}{
		{report.Pass, "after.deployment.status.readyReplicas is 3, before.deployment.status.readyReplicas is 3"},
		{report.Pass, "after.deployment.metadata.generation is 1, before.deployment.metadata.generation is 1, after.service.spec has"},
		{report.Pass, "before.pods has 3 elements"},
		{report.Fail, "after.pods has"},
		{report.Unknown, "no such key: nope"},
	} {
		judged := r.Expectations[i]
		assert.Equal(t, want.verdict, judged.Verdict, "%+v", judged)
		assert.Contains(t, judged.Why, want.why)
	}
	log := binary.Content(t, filepath.Join(p.Dir(t), "events.jsonl"))
	assert.Contains(t, log, `"deployment":{"metadata":{"generation":1},"status":{"readyReplicas":3}}`, "what is looked at is kept")
	assert.NotContains(t, log, `"template"`, "and nothing else")
	assert.NotContains(t, log, "forbidden")
	assertFilesCanBeMadeAgain(t, s.cluster, p.Dir(t))
}

// TestBalanceOfAService kills a pod of a Service that spreads requests, where the new pod gets its share. What the proxies
// of a busy machine take to follow is a small part of the window.
func TestBalanceOfAService(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	p := chaosctl(t, s.cluster, "run", "-n", s.namespace, "-f", killing(t, "rate: 200/s", "6s", `  - balance: {of: browse, maxSkew: 60%, during: recovery}
  - balance: {of: browse, maxSkew: 60%}
`))
	require.Zero(t, p.Exit(t))
	r := p.Result(t)
	require.Len(t, r.Expectations, 2)
	for _, judged := range r.Expectations {
		assert.Equal(t, report.Pass, judged.Verdict, "%+v", judged)
		assert.Contains(t, judged.Why, "chi-square")
		t.Logf("during %s: %s, resolution %s: %s", judged.Window, judged.Observed, judged.Resolution, judged.Why)
	}
	assertFilesCanBeMadeAgain(t, s.cluster, p.Dir(t))
}

// TestImbalanceOfAService has a Service that sends all requests of a client to one pod.
func TestImbalanceOfAService(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	services := s.client.CoreV1().Services(s.namespace)
	_, err := services.Patch(t.Context(), "frontend", types.MergePatchType, []byte(`{"spec": {"sessionAffinity": "ClientIP"}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	// The proxies of the nodes take a moment to follow, which is over long before the recovery is.
	p := chaosctl(t, s.cluster, "run", "-n", s.namespace, "-f", killing(t, "rate: 100/s", "1s", "  - balance: {of: browse, maxSkew: 50%, during: recovery}\n"))
	require.Equal(t, report.ExitFail, p.Exit(t))
	r := p.Result(t)
	require.Len(t, r.Expectations, 1)
	assert.Equal(t, report.Fail, r.Expectations[0].Verdict)
	assert.Contains(t, r.Expectations[0].Why, "p below 0.0001")
	t.Logf("%s: %s", r.Expectations[0].Observed, r.Expectations[0].Why)
}
