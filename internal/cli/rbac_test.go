package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

const day = `apiVersion: chaosctl.dev/v1alpha1
kind: GameDay
metadata: {name: day}
spec:
  schedule: "@daily"
  experiments:
  - {builtin: pod-kill}
  - {builtin: pod-kill, target: {namespace: lab, workload: statefulset/db}}
  - {file: drain.yaml}
`

const drain = `apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: drain}
spec:
  promise: self-healing
  target: {namespace: shop, workload: deployment/web}
  faults:
  - nodeDrain: {nodes: [node7]}
  expect:
  - replicas: {atLeast: 1}
`

// TestRBACOfGameDay: the role holds what all experiments of the day need, each for its own target.
func TestRBACOfGameDay(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"day.yaml": day, "drain.yaml": drain} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	file := filepath.Join(dir, "day.yaml")
	code, text, stderr := call(t, "rbac", "-f", file)
	require.Zero(t, code, stderr)
	assert.Contains(t, text, "run pod-kill, drain as the ServiceAccount shop/chaosctl", "one that comes twice is named once")
	for _, want := range []string{"namespace: shop", "namespace: lab", "statefulsets", "node7", "pods/eviction"} {
		assert.Contains(t, text, want)
	}
	_, one, _ := call(t, "rbac", "pod-kill")
	assert.NotContains(t, one, "node7")

	assert.NotContains(t, text, "elect one")
	code, text, stderr = call(t, "rbac", "-f", file, "--leader-elect", "chaos/serve")
	require.Zero(t, code, stderr)
	assert.Contains(t, text, "# elect one of several replicas, and remember what it has run\n- apiGroups: [coordination.k8s.io]\n  resources: [leases]\n  resourceNames: [serve]\n  verbs: [get, update]\n")
	code, _, stderr = call(t, "rbac", "-f", file, "--leader-elect", "serve")
	assert.Equal(t, report.ExitInvalid, code)
	assert.Contains(t, stderr, `--leader-elect "serve" is not namespace/name of a Lease: expected one such as chaos/chaosctl-serve`)

	code, _, stderr = call(t, "rbac", "-f", file, "--target", "deployment/api")
	assert.Equal(t, report.ExitInvalid, code)
	assert.Contains(t, stderr, "leave out --target")
}
