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

// repeats writes the results of runs that recovered in so many seconds each, and gives their directory.
func repeats(t *testing.T, recoveries ...float64) string {
	t.Helper()
	dir := t.TempDir()
	for i, took := range recoveries {
		r := report.Result{
			APIVersion: report.ResultVersion, Kind: "Result", RunID: fmt.Sprintf("%s-%d", filepath.Base(dir), i), Experiment: report.ExperimentRef{Name: "pod-kill"},
			Windows:    report.Windows{Fault: &report.Window{Start: time.Unix(0, 0), End: time.Unix(9, 0)}},
			Changes:    []report.ChangeResult{{Proof: "proved"}},
			Recoveries: []report.RecoveryResult{{Total: &took, Reached: took}},
		}
		text, err := json.Marshal(r)
		require.NoError(t, err)
		run := filepath.Join(dir, r.RunID)
		require.NoError(t, os.MkdirAll(run, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(run, "result.json"), text, 0o644))
	}
	return dir
}

func TestCompareExitCodes(t *testing.T) {
	t.Parallel()
	base, same, slow, one := repeats(t, 4, 4.1, 4.2), repeats(t, 4, 4.1, 4.3), repeats(t, 8, 8.1, 8.2), repeats(t, 8)
	for _, c := range []struct {
		want int
		args []string
	}{
		{report.ExitPass, []string{base, same}},
		{report.ExitPass, []string{base, base}},
		{report.ExitPass, []string{slow, base}},
		{report.ExitFail, []string{base, slow}},
		{report.ExitPass, []string{base, slow, "--gate", "recovery=+200%"}},
		{report.ExitPass, []string{base, slow, "--gate", "none"}},
		{report.ExitUnknown, []string{base, one}},
		{report.ExitUnknown, []string{base, same, "--gate", "p99=+25%"}},
		{report.ExitInvalid, []string{base, slow, "--gate", "recovery=-20%"}},
		{report.ExitInvalid, []string{base, slow, "-o", "xml"}},
		{report.ExitInvalid, []string{base, filepath.Join(base, "none")}},
		{report.ExitInvalid, []string{base, t.TempDir()}},
		{report.ExitInvalid, []string{base}},
		{report.ExitInvalid, []string{base, slow, "--experiment", "drain"}},
	} {
		code, stdout, stderr := call(t, append([]string{"compare"}, c.args...)...)
		assert.Equal(t, c.want, code, "%v: %s%s", c.args, stdout, stderr)
		if c.want == report.ExitInvalid {
			assert.Empty(t, stdout)
			assert.True(t, strings.HasPrefix(stderr, "error: "), stderr)
		} else {
			assert.Contains(t, stdout, "\nverdict ")
			assert.Empty(t, stderr)
		}
	}
}

func TestCompareFormats(t *testing.T) {
	t.Parallel()
	base, slow := repeats(t, 4, 4.1, 4.2), repeats(t, 8, 8.1, 8.2)
	page := filepath.Join(t.TempDir(), "comparison.html")
	code, stdout, _ := call(t, "compare", base, slow, "-o", "json", "--html", page)
	assert.Equal(t, report.ExitFail, code)
	var c struct {
		Kind     string
		Verdict  string
		ExitCode int
		Figures  []struct {
			Metric, Verdict string
			P               float64
		}
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &c))
	assert.Equal(t, "Comparison", c.Kind)
	assert.Equal(t, report.ExitFail, c.ExitCode)
	require.Len(t, c.Figures, 1)
	assert.InDelta(t, 0.05, c.Figures[0].P, 1e-9)
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Contains(t, string(text), "Content-Security-Policy")
	assert.Contains(t, strings.ReplaceAll(string(text), "\u00a0", " "), "Regression: recovery went from 4.10 s to 8.10 s")

	code, stdout, _ = call(t, "compare", base, slow, "-o", "markdown")
	assert.Equal(t, report.ExitFail, code)
	assert.True(t, strings.HasPrefix(stdout, "## ✕ Regression: "), stdout)

	code, _, stderr := call(t, "compare", base, slow, "--html", filepath.Join(base, "none", "x.html"))
	assert.Equal(t, report.ExitInternal, code)
	assert.Contains(t, stderr, "--html")
}
