package history

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestFold proves that all that the index keeps of a run comes back as the result has it.
func TestFold(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	r := aResult(7)
	r.GameDay, r.Verdict, r.ExitCode, r.Undo = "shop", report.Fail, report.ExitFail, report.UndoDiverged
	r.Streams = append(r.Streams,
		report.StreamResult{Name: "browse", Connections: "fresh", Requests: 200, Failures: 20, Outages: []report.OutageResult{{Duration: 3, Open: true}}},
		report.StreamResult{Name: "pay", Requests: 10, Failures: 10, Starved: true},
		report.StreamResult{Name: "none"},
	)
	x := opened(t, out)
	require.NoError(t, x.Record(t.Context(), keep(t, out, r)))
	runs, err := x.Runs(t.Context(), Query{})
	require.NoError(t, err)
	fresh := r.Streams[1].Label()
	assert.Equal(t, []Run{{
		Dir: "r007", RunID: "r007", Experiment: "pod-kill", Promise: "self-healing", Target: "shop/deployment/web", GameDay: "shop",
		Source: "builtin:pod-kill", SHA256: "ab", Seed: 7, Verdict: report.Fail, ExitCode: report.ExitFail, Undo: report.UndoDiverged,
		StartedAt: r.StartedAt, EndedAt: r.EndedAt, Cluster: "u1", Kubernetes: "v1.36.0", Version: "v1", Why: report.Headline(r),
		Figures: []Figure{
			{Metric: Availability, Of: "browse", Value: 0.999}, {Metric: Outage, Of: "browse", Value: 0.75},
			{Metric: Availability, Of: fresh, Value: 0.9}, {Metric: Outage, Of: fresh, Value: 3, AtLeast: true},
			{Metric: Recovery, Value: 4.5}, {Metric: Phase, Of: "detect", Value: 0.5}, {Metric: Phase, Of: "stabilise", Value: 4},
		},
	}}, runs)
	worst, ok := runs[0].Worst(Availability)
	assert.True(t, ok)
	assert.Equal(t, fresh, worst.Of)
	_, ok = (&Run{}).Worst(Recovery)
	assert.False(t, ok)
}

// TestRecoveryThatWasNotSeenToEnd proves that it counts as what was seen of it.
func TestRecoveryThatWasNotSeenToEnd(t *testing.T) {
	t.Parallel()
	r := aResult(0)
	r.Recoveries = append(r.Recoveries, report.RecoveryResult{Censored: true, Reached: 2})
	assert.Equal(t, Figure{Metric: Recovery, Value: 4.5, AtLeast: true}, slowest(r.Recoveries)[0])
	assert.Empty(t, slowest(nil))
}

// TestQuery chooses runs by each of its fields.
func TestQuery(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	for n, change := range []func(*report.Result){
		func(*report.Result) {},
		func(r *report.Result) { r.Verdict = report.Fail },
		func(r *report.Result) { r.Experiment.Promise = "scaling" },
		func(r *report.Result) { r.Experiment.Name = "it's; DROP TABLE runs" },
		func(r *report.Result) { r.GameDay = "shop" },
	} {
		r := aResult(n)
		change(r)
		keep(t, out, r)
	}
	x := opened(t, out)
	inStep(t, x)
	assert.Equal(t, []string{"r000", "r001", "r002", "r003", "r004"}, dirs(t, x, Query{}))
	assert.Equal(t, []string{"r001"}, dirs(t, x, Query{Verdict: report.Fail}))
	assert.Equal(t, []string{"r002"}, dirs(t, x, Query{Promise: "scaling"}))
	assert.Equal(t, []string{"r003"}, dirs(t, x, Query{Experiment: "it's; DROP TABLE runs"}))
	assert.Equal(t, []string{"r004"}, dirs(t, x, Query{GameDay: "shop"}))
	assert.Equal(t, []string{"r003", "r004"}, dirs(t, x, Query{Since: began.Add(3 * time.Hour)}))
	assert.Equal(t, []string{"r002", "r003"}, dirs(t, x, Query{Last: 3})[:2])
	assert.Empty(t, dirs(t, x, Query{Since: time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)}))
	assert.Empty(t, dirs(t, x, Query{Verdict: report.Fail, Promise: "scaling"}))
	runs, err := x.Runs(t.Context(), Query{Last: 1})
	require.NoError(t, err)
	assert.Len(t, runs[0].Figures, 5, "figures are those of the run that was chosen")
	names, err := x.Names(t.Context(), OfExperiment)
	require.NoError(t, err)
	assert.Equal(t, []string{"it's; DROP TABLE runs", "pod-kill"}, names)
	names, err = x.Names(t.Context(), OfGameDay)
	require.NoError(t, err)
	assert.Equal(t, []string{"shop"}, names)
}

// TestSync proves that the index follows the directories, and reads what has not changed but once.
func TestSync(t *testing.T) {
	t.Parallel()
	out := several(t, 3)
	x := opened(t, out)
	assert.Equal(t, &Synced{Runs: 3, Read: 3}, inStep(t, x))
	assert.Equal(t, &Synced{Runs: 3}, inStep(t, x))

	// The same stamp over another content: it is not read.
	path := filepath.Join(out, "r001", "result.json")
	info, err := os.Stat(path)
	require.NoError(t, err)
	write(t, path, string(make([]byte, info.Size())))
	require.NoError(t, os.Chtimes(path, time.Time{}, info.ModTime()))
	assert.Equal(t, &Synced{Runs: 3}, inStep(t, x))

	// Made again, it is.
	again := aResult(1)
	again.Verdict = report.Unknown
	keep(t, out, again)
	require.NoError(t, os.Chtimes(path, time.Time{}, info.ModTime().Add(time.Nanosecond)))
	assert.Equal(t, &Synced{Runs: 3, Read: 1}, inStep(t, x))
	assert.Equal(t, []string{"r001"}, dirs(t, x, Query{Verdict: report.Unknown}))

	require.NoError(t, os.RemoveAll(filepath.Join(out, "r000")))
	assert.Equal(t, &Synced{Runs: 2, Gone: 1}, inStep(t, x))
	assert.Equal(t, []string{"r001", "r002"}, dirs(t, x, Query{}))
	var figures int
	require.NoError(t, x.db.QueryRow(`SELECT count(*) FROM figures`).Scan(&figures))
	assert.Equal(t, 2*5, figures, "those of a run go with it")
}

// TestSyncLeavesOut proves that what is no result of a run keeps no other out, and that no link is followed.
func TestSyncLeavesOut(t *testing.T) {
	t.Parallel()
	out, elsewhere := several(t, 1), several(t, 2)
	newer := aResult(5)
	newer.APIVersion = "chaosctl.dev/v9"
	keep(t, out, newer)
	write(t, filepath.Join(out, "torn", "result.json"), `{"kind": "Res`)
	write(t, filepath.Join(out, "killed", "events.jsonl"), "")
	write(t, filepath.Join(out, ".hidden", "result.json"), "{}")
	write(t, filepath.Join(out, "notes", "README"), "")
	write(t, filepath.Join(out, "index.html"), "")
	require.NoError(t, os.Symlink(filepath.Join(elsewhere, "r001"), filepath.Join(out, "linked")))
	require.NoError(t, os.Mkdir(filepath.Join(out, "half"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join(elsewhere, "r001", "result.json"), filepath.Join(out, "half", "result.json")))
	found, err := Scan(out)
	require.NoError(t, err)
	assert.Equal(t, []string{"killed"}, found.Unfinished)
	x := opened(t, out)
	synced := inStep(t, x)
	assert.Equal(t, []string{"r000"}, dirs(t, x, Query{}))
	require.Len(t, synced.Unreadable, 2)
	assert.ErrorContains(t, synced.Unreadable[0], filepath.Join(out, "r005", "result.json")+` is not a result that this version reads: expected kind Result of chaosctl.dev/v1alpha1, found "Result" of "chaosctl.dev/v9"`)
	assert.ErrorContains(t, synced.Unreadable[1], filepath.Join(out, "torn", "result.json")+" is not a result of chaosctl")
	assert.Equal(t, 1, synced.Runs)

	// One that can be read no more is no more in the index.
	write(t, filepath.Join(out, "r000", "result.json"), "{}")
	assert.Equal(t, 1, inStep(t, x).Gone)
	assert.Empty(t, dirs(t, x, Query{}))
}

// TestInMemory proves that the runs can be had without a file.
func TestInMemory(t *testing.T) {
	t.Parallel()
	out := several(t, 2)
	x, err := OpenMemory(t.Context(), out)
	require.NoError(t, err)
	defer x.Close()
	inStep(t, x)
	assert.Equal(t, []string{"r000", "r001"}, dirs(t, x, Query{}))
	assert.NoFileExists(t, filepath.Join(out, File))
}

// TestOddPaths proves that the file is where it should be, whatever a directory is called.
func TestOddPaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a?mode=memory", "b%41#c", "d e&f", "ü:g"} {
		out := filepath.Join(t.TempDir(), name)
		keep(t, out, aResult(0))
		x := opened(t, out)
		require.NoError(t, x.Record(t.Context(), "r000"))
		assert.FileExists(t, filepath.Join(out, File))
		entries, err := os.ReadDir(filepath.Dir(out))
		require.NoError(t, err)
		assert.Len(t, entries, 1, "and nowhere else")
	}
}

// TestRunAsJSON holds the names of the fields.
func TestRunAsJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(runOf(aResult(0), "d"))
	require.NoError(t, err)
	assert.JSONEq(t, `{"dir": "d", "runID": "r000", "experiment": "pod-kill", "promise": "self-healing", "target": "shop/deployment/web", "source": "builtin:pod-kill",
		"sha256": "ab", "seed": 0, "verdict": "pass", "exitCode": 0, "undo": "clean", "startedAt": "2026-03-01T10:00:00.000000123Z", "endedAt": "2026-03-01T10:01:00.000000123Z",
		"cluster": "u1", "kubernetes": "v1.36.0", "version": "v1", "why": "Passed: nothing was expected", "figures": [
		{"metric": "availability", "of": "browse", "value": 0.999}, {"metric": "outage", "of": "browse", "value": 0.75},
		{"metric": "recovery", "value": 4.5}, {"metric": "phase", "of": "detect", "value": 0.5}, {"metric": "phase", "of": "stabilise", "value": 4}]}`, string(text))
}
