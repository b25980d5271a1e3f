package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/experiments"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestInitOfBuiltins: each experiment of the library can be written for another workload, and is valid then.
func TestInitOfBuiltins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range experiments.Names() {
		file := filepath.Join(dir, name+".yaml")
		code, stdout, stderr := call(t, "init", name, "-n", "lab", "--target", "statefulset/db", "-o", file)
		require.Zero(t, code, stderr)
		assert.Contains(t, stdout, "wrote "+file)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Contains(t, string(text), "\n  target: {namespace: lab, workload: statefulset/db}\n")
		assert.NotContains(t, string(text), "service:")
		assert.Contains(t, string(text), "schema=https://")
		code, _, stderr = call(t, "validate", "-f", file)
		assert.Zero(t, code, stderr)
	}
	code, _, stderr := call(t, "init", "pod-kill", "-o", filepath.Join(dir, "pod-kill.yaml"))
	assert.Equal(t, report.ExitInvalid, code)
	assert.Contains(t, stderr, "is there already")
	code, stdout, _ := call(t, "init", "pod-kill", "-o", "-")
	assert.Zero(t, code)
	assert.Contains(t, stdout, "service: frontend", "its own workload, if no other is named")
	code, _, _ = call(t, "init", "no-such", "-o", "-")
	assert.Equal(t, report.ExitInvalid, code)
}

func TestExplainOfBuiltins(t *testing.T) {
	t.Parallel()
	for _, name := range experiments.Names() {
		code, stdout, stderr := call(t, "explain", name)
		require.Zero(t, code, stderr)
		for _, part := range []string{"EXPERIMENT: " + name, "HYPOTHESIS:", "WHY IT MATTERS:", "WHAT USUALLY BREAKS:", "HOW TO MEND IT:", "chaosctl run " + name, "  spec:\n    promise: "} {
			assert.Contains(t, stdout, part)
		}
	}
	_, stdout, _ := call(t, "explain", "config-corrupt")
	assert.Contains(t, stdout, "--set faults.break-catalogue.configCorrupt.configMap=NAME --set faults.break-catalogue.configCorrupt.key=KEY")
	assert.Contains(t, stdout, "--url URL", "its requests go to who uses the target")
	_, stdout, _ = call(t, "explain", "pod-kill")
	assert.Contains(t, stdout, "chaosctl run pod-kill -n NAMESPACE --target KIND/NAME\n")
	assert.NotContains(t, stdout, "--url", "its requests go to the target")
}
