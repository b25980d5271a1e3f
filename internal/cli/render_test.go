package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestOnceIfOpen: what a CronJob starts outside of the windows is no failure, and anything else that keeps it from running is.
func TestOnceIfOpen(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "day.yaml")
	closed := "apiVersion: chaosctl.dev/v1alpha1\nkind: GameDay\nmetadata: {name: d}\nspec:\n  schedule: \"@daily\"\n  windows: {exclude: [{from: 2020-01-01T00:00, to: 2100-01-01T00:00, reason: the sale}]}\n  experiments: [{builtin: pod-kill}]\n"
	require.NoError(t, os.WriteFile(file, []byte(closed), 0o644))
	code, _, stderr := call(t, "serve", "--once", "-f", file)
	assert.Equal(t, report.ExitRefused, code, stderr)
	code, _, stderr = call(t, "serve", "--once", "--if-open", "-f", file)
	assert.Zero(t, code, stderr)
	assert.Equal(t, "game day d does not run now: it is within a freeze: the sale\n", stderr)
	code, _, _ = call(t, "serve", "--once", "--if-open", "-f", file+"x")
	assert.Equal(t, report.ExitInvalid, code)
	code, _, stderr = call(t, "serve", "--if-open", "-f", file)
	assert.Equal(t, report.ExitInvalid, code)
	assert.Contains(t, stderr, "--if-open goes with --once")
}

func TestRenderRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "day.yaml")
	for text, want := range map[string]string{
		"schedule: \"@daily\"\n  jitter: 5m\n  experiments: [{builtin: pod-kill}]": "day.yaml: spec.jitter: a CronJob has none\nhint: leave it out",
		"at: 2099-01-01T00:00\n  experiments: [{builtin: pod-kill}]":               "day.yaml: spec.at: a CronJob has a schedule",
		"schedule: \"@daily\"\n  experiments: [{file: gone.yaml}]":                 "gone.yaml",
	} {
		require.NoError(t, os.WriteFile(file, []byte("apiVersion: chaosctl.dev/v1alpha1\nkind: GameDay\nmetadata: {name: d}\nspec:\n  "+text+"\n"), 0o644))
		code, stdout, stderr := call(t, "schedule", "render", "-f", file)
		assert.Equal(t, report.ExitInvalid, code, text)
		assert.Empty(t, stdout, text)
		assert.Contains(t, stderr, want)
	}
	code, _, stderr := call(t, "schedule", "render", "-f", "-")
	assert.Equal(t, report.ExitInvalid, code)
	assert.Contains(t, stderr, "a game day on standard input has no folder")
}

// TestRenderTakesTracesAlong: the pods load the experiments as they are, and so need the files that these name.
func TestRenderTakesTracesAlong(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "experiments"), 0o755))
	for name, text := range map[string]string{
		"day.yaml": "apiVersion: chaosctl.dev/v1alpha1\nkind: GameDay\nmetadata: {name: d}\nspec:\n  schedule: \"@daily\"\n  experiments: [{file: experiments/kill.yaml}]\n",
		"experiments/kill.yaml": "apiVersion: chaosctl.dev/v1alpha1\nkind: Experiment\nmetadata: {name: kill}\nspec:\n  promise: self-healing\n  target: {namespace: shop, workload: deployment/web}\n" +
			"  load:\n  - {name: browse, http: {service: web}, profile: {trace: {file: ../traces/monday.csv}}}\n  faults:\n  - podKill: {count: 1}\n  expect:\n  - recovery: {within: 1m}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	code, _, stderr := call(t, "schedule", "render", "-f", filepath.Join(dir, "day.yaml"))
	assert.Equal(t, report.ExitInvalid, code)
	assert.Contains(t, stderr, "the trace cannot be read")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "traces"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "traces", "monday.csv"), []byte("0, 12.5\n"), 0o644))
	code, stdout, stderr := call(t, "schedule", "render", "-f", filepath.Join(dir, "day.yaml"))
	require.Zero(t, code, stderr)
	assert.Contains(t, stdout, "path: traces/monday.csv")
	assert.Contains(t, stdout, "0, 12.5")
}
