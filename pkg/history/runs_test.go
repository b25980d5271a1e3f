package history

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/report"
)

var began = time.Date(2026, 3, 1, 10, 0, 0, 123, time.UTC)

// aResult is that of a run whose fault took effect, with a load and a recovery; the number makes it unlike others.
func aResult(n int) *report.Result {
	total, detect, stabilise := 4.5, 0.5, 4.0
	start := began.Add(time.Duration(n) * time.Hour)
	return &report.Result{
		APIVersion: report.ResultVersion, Kind: "Result", RunID: fmt.Sprintf("r%03d", n),
		Experiment: report.ExperimentRef{Name: "pod-kill", Promise: "self-healing", SHA256: "ab", Source: "builtin:pod-kill", Target: "shop/deployment/web"},
		Seed:       int64(n), Cluster: event.Cluster{UID: "u1", Version: "v1.36.0"}, Environment: event.Environment{Version: "v1"},
		StartedAt: start, EndedAt: start.Add(time.Minute), Windows: report.Windows{Fault: &report.Window{Start: start, End: start.Add(time.Second)}},
		Verdict: report.Pass, Undo: report.UndoClean, Changes: []report.ChangeResult{{Proof: "proved", Undo: "none"}},
		Streams: []report.StreamResult{{Name: "browse", Requests: 1000, Failures: 1, Outages: []report.OutageResult{{Duration: 0.25}, {Duration: 0.75}}}},
		Recoveries: []report.RecoveryResult{
			{Total: &total, Phases: report.Phases{Detect: &detect, Stabilise: &stabilise}},
			{Total: &stabilise, Phases: report.Phases{Stabilise: &stabilise}},
		},
	}
}

// keep writes a result below the directory of all runs, and gives the name of its own.
func keep(t *testing.T, out string, r *report.Result) string {
	t.Helper()
	text, err := json.Marshal(r)
	require.NoError(t, err)
	write(t, filepath.Join(out, r.RunID, "result.json"), string(text))
	return r.RunID
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

// several keeps some runs, and gives the directory of all.
func several(t *testing.T, n int) string {
	t.Helper()
	out := t.TempDir()
	for i := range n {
		keep(t, out, aResult(i))
	}
	return out
}

// opened is the index of a directory; the test closes it.
func opened(t *testing.T, out string) *Index {
	t.Helper()
	x, err := Open(t.Context(), out)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.Close()) })
	return x
}

// inStep brings an index in step with its directory.
func inStep(t *testing.T, x *Index) *Synced {
	t.Helper()
	found, err := Scan(x.out)
	require.NoError(t, err)
	synced, err := x.Sync(t.Context(), found)
	require.NoError(t, err)
	return synced
}

// dirs are the runs that a query chooses, by their directories.
func dirs(t *testing.T, x *Index, q Query) []string {
	t.Helper()
	runs, err := x.Runs(t.Context(), q)
	require.NoError(t, err)
	names := []string{}
	for _, r := range runs {
		names = append(names, r.Dir)
	}
	return names
}
