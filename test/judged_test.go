package e2e

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// judging is a short experiment that kills a pod of the frontend, with what stands between.
func judging(t *testing.T, between string) string {
	t.Helper()
	return file(t, fmt.Sprintf(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: judging}
spec:
  promise: self-healing
  target: {namespace: shop, workload: deployment/frontend}
  steady: {for: 3s}
  faults:
  - podKill: {count: 1}
  duration: 10s
  recovery: {timeout: 2m, stableFor: 3s}
%s`, between))
}

// verdicts are those of the expectations, by name and window.
func verdicts(r report.Result) map[string]report.Verdict {
	all := map[string]report.Verdict{}
	for _, e := range r.Expectations {
		all[e.Name+" during "+e.Window] = e.Verdict
	}
	return all
}

// TestProbesOfPodsDecide looks into the containers of the frontend and their logs, under the role that chaosctl rbac prints: a
// program that is run in each of them ends as it should, before the fault and after it; nothing panics; and that a
// container has begun anew is found in its log, and fails the run.
func TestProbesOfPodsDecide(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	// The program of the image finds its port in use.
	experiment := judging(t, `  probes:
  - name: port
    mode: both
    timeout: 10s
    exec: {argv: [/app], each: true, cel: exitCode == 1 && stderr.contains("in use")}
  - name: panics
    timeout: 5s
    log: {absent: "^panic:"}
  - name: begins
    timeout: 5s
    log: {absent: '"event":"starting"', within: 4s}
  - name: began
    mode: end
    timeout: 5s
    log: {present: '"event":"starting"', within: 5m, each: true}
  expect:
  - probe: {name: panics}
  - probe: {name: begins, during: fault}
  - probe: {name: panics, maxOutage: 30s, atLeast: 50%, during: recovery}
`)
	a := newAccount(t, s, "-f", experiment)
	p := chaosctl(t, s.cluster, "run", "-n", s.namespace, "-f", experiment, "--kubeconfig", a.kubeconfig)
	require.Equal(t, report.ExitFail, p.Exit(t), p.Stderr.String())
	r := p.Result(t)
	assert.Equal(t, map[string]report.Verdict{
		"probe panics during run": report.Pass, "probe begins during fault": report.Fail, "probe panics during recovery": report.Pass,
		"probe port during steady": report.Pass, "probe port at the end during run": report.Pass, "probe began at the end during run": report.Pass,
	}, verdicts(r))
	assert.Contains(t, r.Reasons[0], `match`)
	assert.Contains(t, r.Reasons[0], `"\"event\":\"starting\""`)
	for _, name := range []string{"junit.xml", "summary.md", "report.html"} {
		assert.Contains(t, binary.Content(t, filepath.Join(p.Dir(t), name)), "probe port at the end", name)
	}
	assertFilesCanBeMadeAgain(t, s.cluster, p.Dir(t))
}

// TestStartProbesKeepTheFaultAway, be it that they do not hold or that they cannot be measured.
func TestStartProbesKeepTheFaultAway(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	before := s.uids(t)
	for probe, why := range map[string]string{
		"exec: {argv: [/no/such/program]}":                            "the command could not be run",
		"exec: {argv: [/app]}":                                        "the command ended with exit code 1",
		`log: {present: "nobody says this"}`:                          `no line matches "nobody says this" within 10s`,
		"tcp: {address: '127.0.0.1:1'}":                               "connection refused",
		"kubernetes: {resource: deployment/frontend, cel: 'false'}":   "does not hold",
		"exec: {argv: [/app], selector: {app: nobody}, each: true}":   "no pod of the selector has a container that runs",
		`log: {absent: x, container: sidecar, selector: {app: none}}`: "no pod of the selector has a container sidecar with a log",
	} {
		p := chaosctl(t, s.cluster, "run", "-n", s.namespace, "-f", judging(t, "  probes:\n  - {name: start, mode: start, timeout: 5s, "+probe+"}\n  expect:\n  - replicas: {atLeast: 1}\n"))
		require.Equal(t, report.ExitUnknown, p.Exit(t), probe)
		r := p.Result(t)
		assert.Contains(t, r.Reasons[0], "steady state not reached: the probe start", probe)
		assert.Contains(t, r.Reasons[0], why)
		assert.Empty(t, r.Changes)
	}
	assert.Equal(t, before, s.uids(t), "a run without a steady state has killed a pod")
}

// TestLoadIsLetInByASecret sends the password of a Secret, under the role that chaosctl rbac prints, to a server that
// says it back wherever it can. It is in no file and no output of the run; and that every fourth answer is not as expected is a failure of
// a cause of its own.
func TestLoadIsLetInByASecret(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	const password = "correct-horse-battery"
	_, err := s.client.CoreV1().Secrets(s.namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "login"}, StringData: map[string]string{"password": password + "\n"},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	var requests, strangers atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, word, _ := r.BasicAuth()
		if name != "ann" || word != password+"\n" {
			strangers.Add(1)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("X-Pod", word)
		if requests.Add(1)%4 == 0 {
			_, _ = fmt.Fprintf(w, "%s %s", word, r.Header.Get("Authorization"))
			return
		}
		_, _ = fmt.Fprint(w, `{"greeting": "welcome"}`)
	}))
	t.Cleanup(server.Close)
	experiment := judging(t, fmt.Sprintf(`  load:
  - name: browse
    http:
      url: %s/
      podHeader: X-Pod
      auth: {basic: {username: ann, passwordFrom: {secret: {name: login, key: password}}}}
      response: {status: 200, contains: welcome, cel: json.greeting == "welcome"}
    connections: fresh
    profile: {sine: {base: 20/s, peak: 60/s, every: 5s}}
  expect:
  - availability: {of: browse, atLeast: 60%%}
`, server.URL))
	a := newAccount(t, s, "-f", experiment)
	var said strings.Builder
	for _, command := range [][]string{{"plan"}, {"plan", "-o", "json"}, {"plan", "-o", "yaml"}, {"doctor"}, {"run"}} {
		p := chaosctl(t, s.cluster, command[0], append(command[1:], "-n", s.namespace, "-f", experiment, "--kubeconfig", a.kubeconfig)...)
		said.WriteString(p.Stdout.String() + p.Stderr.String())
		if command[0] != "run" {
			continue
		}
		require.Zero(t, p.Exit(t), p.Stderr.String())
		r := p.Result(t)
		require.Len(t, r.Streams, 1)
		for _, stream := range r.Streams {
			require.NotNil(t, stream.Availability)
			assert.InDelta(t, 0.75, *stream.Availability, 0.1, stream.Connections)
			assert.Equal(t, map[string]uint64{"unexpected": stream.Failures}, stream.FailuresByCause)
			assert.Equal(t, `the body does not contain "welcome"`, stream.Unexpected)
		}
		require.NoError(t, filepath.WalkDir(p.Dir(t), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			said.Write(text)
			return err
		}))
		assertFilesCanBeMadeAgain(t, s.cluster, p.Dir(t))
	}
	assert.Positive(t, requests.Load())
	assert.Zero(t, strangers.Load(), "a request came without the password")
	for _, form := range []string{password, base64.StdEncoding.EncodeToString([]byte("ann:" + password))[:20], base64.StdEncoding.EncodeToString([]byte(password))[:20]} {
		assert.Zero(t, strings.Count(said.String(), form), "%q is told", form)
	}
	assert.Contains(t, said.String(), "login", "where the password is may be told")
}

// TestLoadWithoutItsSecretIsRefused before anything changes, and by the name of what is missing.
func TestLoadWithoutItsSecretIsRefused(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	before := s.versions(t)
	for source, why := range map[string]string{
		"{secret: {name: nobody, key: token}}":               "nobody",
		"{secret: {name: catalogue-password, key: nothing}}": "has no key nothing",
		"{env: CHAOSCTL_TEST_NO_SUCH_TOKEN}":                 "the environment of chaosctl has no variable CHAOSCTL_TEST_NO_SUCH_TOKEN",
	} {
		p := chaosctl(t, s.cluster, "run", "-n", s.namespace, "-f", judging(t, "  load:\n  - {name: browse, rate: 10/s, http: {service: frontend, auth: {bearerFrom: "+source+"}}}\n  expect:\n  - replicas: {atLeast: 1}\n"))
		assert.Equal(t, report.ExitRefused, p.Exit(t))
		assert.Contains(t, p.Stderr.String(), why)
	}
	assert.Equal(t, before, s.versions(t), "a run that was refused has changed something")
}
