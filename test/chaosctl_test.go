package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/experiments"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// start runs `chaosctl COMMAND ARGS` in a cluster; see [binary.Chaosctl.Start].
func start(t *testing.T, c *cluster, command string, args ...string) *binary.Process {
	t.Helper()
	return binary.Chaosctl{Kubeconfig: c.Kubeconfig}.Start(t, command, args...)
}

// chaosctl runs a command to its end.
func chaosctl(t *testing.T, c *cluster, command string, args ...string) *binary.Process {
	t.Helper()
	p := start(t, c, command, args...)
	p.Exit(t)
	return p
}

// builtin is the text of an experiment of the library.
func builtin(t *testing.T, name string) string {
	t.Helper()
	path, ok := experiments.Path(name)
	require.True(t, ok)
	text, err := experiments.Files.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// patient is the file of an experiment of the library that allows answers to be slow: how slow they are tells of this
// machine, which runs the cluster, the load and the tests, and not of chaosctl.
func patient(t *testing.T, name string) string {
	t.Helper()
	return but(t, builtin(t, name), "p99: 500ms", "p99: 5s")
}

// tolerant is a built-in experiment that bears what two shops that start beside each other cost: for tests of something else
// than what clients notice, which are not to fail for how busy the machine is. It still wants an answer to every second request.
func tolerant(t *testing.T, name string) string {
	t.Helper()
	text := but(t, patient(t, name), "atLeast: 99.9%}", "atLeast: 50%}")
	text = but(t, text, "longest: 500ms", "longest: 20s")
	return unaborted(t, text)
}

// unaborted is an experiment that goes on however few requests are answered.
func unaborted(t *testing.T, text string) string {
	t.Helper()
	return but(t, text, "below: 50%, over: 10s", "below: 1%, over: 60s")
}

// but is a text with one thing in place of another, which it must hold exactly once.
func but(t *testing.T, text, old, replacement string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(text, old), "%q in\n%s", old, text)
	return strings.Replace(text, old, replacement, 1)
}

// file writes a text to a file of the test's.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "experiment.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// quiet is an experiment without load, for tests of something else than measurement: it passes when the target has all
// of its replicas, however busy the machine is.
func quiet(name, workload, fault, duration string) string {
	return fmt.Sprintf(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: %s}
spec:
  promise: configuration
  target: {namespace: shop, workload: %s}
  steady: {for: 1s}
  faults:
  - {name: break, %s}
  duration: %s
  recovery: {timeout: 2m, stableFor: 1s}
  expect:
  - replicas: {atLeast: 3}
`, name, workload, fault, duration)
}
