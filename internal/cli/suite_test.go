package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestSuiteThatCouldNotRun: a suite has its index also when nothing of it was run, and says of each experiment that it was not.
func TestSuiteThatCouldNotRun(t *testing.T) {
	t.Parallel()
	path := kubeconfig(t, at("https://127.0.0.1:1"), "")
	for name, c := range map[string]struct {
		args  []string
		index bool
	}{
		"one":           {[]string{"run", "pod-kill"}, false},
		"two":           {[]string{"run", "pod-kill", "node-drain"}, true},
		"a directory":   {[]string{"run", "-f", "../../experiments/self-healing"}, true},
		"of one file":   {[]string{"run", "-f", one(t)}, true},
		"a game day":    {[]string{"serve", "--once", "-f", "../../examples/gamedays/shop.yaml"}, true},
		"one of a file": {[]string{"run", "-f", filepath.Join(one(t), "x.yaml")}, false},
	} {
		out := filepath.Join(t.TempDir(), "runs")
		code, stdout, stderr := call(t, append(c.args, "--out", out, "--kubeconfig", path)...)
		assert.Equal(t, report.ExitRefused, code, "%s: %s", name, stderr)
		text, err := os.ReadFile(filepath.Join(out, "index.html"))
		assert.Equal(t, c.index, err == nil, name)
		if c.index {
			assert.Contains(t, stdout, "Index:   "+filepath.Join(out, "index.html"))
			assert.Contains(t, string(text), "not run</span>", name)
			assert.Contains(t, string(text), "not tested", name)
			assert.NotContains(t, string(text), "<a href=\"./", name)
			if c.args[0] == "run" {
				assert.Equal(t, 1, strings.Count(stderr, "error: "), "%s: told once: %s", name, stderr)
			}
		}
	}
}

// one is a directory of one experiment.
func one(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile("../../experiments/self-healing/pod-kill.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x.yaml"), text, 0o644))
	return dir
}

func TestIndexThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	path := kubeconfig(t, at("https://127.0.0.1:1"), "")
	out := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(out, nil, 0o644))
	code, stdout, stderr := call(t, "run", "pod-kill", "node-drain", "--out", out, "--kubeconfig", path)
	assert.Equal(t, report.ExitRefused, code, "the outcome is not changed by it")
	assert.Contains(t, stderr, "warning: the index of the runs could not be written")
	assert.NotContains(t, stdout, "Index:")
}

// TestReportOfADirectoryOfRuns: the index is made again from the results, with the newest run of each experiment.
func TestReportOfADirectoryOfRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, r := range []report.Result{
		{Experiment: report.ExperimentRef{Name: "kill", Promise: "self-healing", Target: "shop/deployment/web"}, Verdict: report.Fail, ExitCode: 1},
		{Experiment: report.ExperimentRef{Name: "kill", Promise: "self-healing", Target: "shop/deployment/web"}, Verdict: report.Pass, Undo: report.UndoClean},
		{Experiment: report.ExperimentRef{Name: "drain", Promise: "self-healing", Target: "shop/deployment/web"}, Verdict: report.Unknown, ExitCode: 2, Undo: report.UndoClean},
	} {
		r.RunID, r.StartedAt = fmt.Sprint("run-", i), time.Unix(int64(1000+i), 0)
		text, err := json.Marshal(r)
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Join(dir, r.RunID), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, r.RunID, "result.json"), text, 0o644))
	}
	code, stdout, stderr := call(t, "report", dir)
	assert.Equal(t, report.ExitUnknown, code, stderr)
	assert.Contains(t, stdout, "Index:   "+filepath.Join(dir, "index.html"))
	text, err := os.ReadFile(filepath.Join(dir, "index.html"))
	require.NoError(t, err)
	assert.Contains(t, string(text), `href="./run-1/report.html"`)
	assert.Contains(t, string(text), `href="./run-2/report.html"`)
	assert.NotContains(t, string(text), "run-0")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "run-2", "result.json"), []byte("{"), 0o644))
	code, _, stderr = call(t, "report", dir)
	assert.Equal(t, report.ExitInvalid, code)
	assert.Contains(t, stderr, filepath.Join("run-2", "result.json")+" is not a result of chaosctl")
}
