package history

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// aWhole run has all files, and its log an end.
func aWhole(t *testing.T, out string, r *report.Result) string {
	t.Helper()
	dir := filepath.Join(out, keep(t, out, r))
	write(t, filepath.Join(dir, "events.jsonl"), `{"t": 0, "type": "run.started", "data": {}}`+"\n"+strings.Repeat(`{"t": 1, "type": "note", "data": {}}`+"\n", 5000)+`{"t": 9, "type": "run.ended", "data": {}}`+"\n")
	for _, name := range []string{"samples.bin", "journal.jsonl", "report.html", "junit.xml", "summary.md"} {
		write(t, filepath.Join(dir, name), "x")
	}
	return dir
}

func TestSpare(t *testing.T) {
	t.Parallel()
	var all []Run
	for n := range 6 {
		all = append(all, runOf(aResult(n), aResult(n).RunID))
	}
	all[1].Target, all[3].Experiment, all[0].GameDay, all[2].GameDay, all[5].GameDay = "shop/deployment/cart", "drain", "shop", "shop", "shop"
	spared := func(k Keep) (names []string) {
		for _, r := range k.Spare(all) {
			names = append(names, r.Dir)
		}
		return names
	}
	assert.Empty(t, spared(Keep{}), "who says nothing keeps all")
	assert.Empty(t, spared(Keep{GameDay: "shop"}))
	assert.Equal(t, []string{"r000", "r002"}, spared(Keep{Last: 2}), "of pod-kill on web are r000, r002, r004, r005")
	assert.Equal(t, []string{"r000", "r001"}, spared(Keep{Since: began.Add(2 * time.Hour)}))
	assert.Equal(t, []string{"r000"}, spared(Keep{Since: began.Add(2 * time.Hour), Last: 1}), "what any of them keeps is kept")
	assert.Equal(t, []string{"r000", "r002"}, spared(Keep{Last: 1, GameDay: "shop"}), "r004 is of no game day")
}

// TestPrune removes old runs, and nothing besides.
func TestPrune(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	for n := range 3 {
		aWhole(t, out, aResult(n))
	}
	write(t, filepath.Join(out, "index.html"), "x")
	write(t, filepath.Join(out, "notes", "README"), "x")
	write(t, filepath.Join(out, doomed+"r999", "samples.bin"), "what a process has left that was killed")
	x := opened(t, out)
	inStep(t, x)
	now := began.Add(100 * time.Hour)

	would, err := x.Prune(t.Context(), Keep{Last: 1}, now, true)
	require.NoError(t, err)
	require.Len(t, would.Removed, 2)
	assert.DirExists(t, filepath.Join(out, "r000"))
	assert.DirExists(t, filepath.Join(out, doomed+"r999"))

	did, err := x.Prune(t.Context(), Keep{Last: 1}, now, false)
	require.NoError(t, err)
	assert.Equal(t, would, did, "a dry run tells what would be")
	assert.Positive(t, did.Bytes)
	var left []string
	entries, err := os.ReadDir(out)
	require.NoError(t, err)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	assert.Equal(t, []string{"history.db", "index.html", "notes", "r002"}, left)
	assert.Equal(t, []string{"r002"}, dirs(t, x, Query{}))
}

// TestNotPruned proves for each reason that a directory stays as it is.
func TestNotPruned(t *testing.T) {
	t.Parallel()
	now := began.Add(100 * time.Hour)
	const notOver = "it is not known to be over: its log has no end, as of one that is under way or was killed"
	for name, c := range map[string]struct {
		result func(r *report.Result)
		change func(t *testing.T, out, dir string)
		reason string
	}{
		"not put back":  {func(r *report.Result) { r.Undo = report.UndoIncomplete }, nil, "not everything was put back (see chaosctl status); once it is, remove the directory by hand"},
		"no undo state": {func(r *report.Result) { r.Undo = "" }, nil, "not everything was put back (see chaosctl status); once it is, remove the directory by hand"},
		"just ended":    {func(r *report.Result) { r.EndedAt = now.Add(-settled + time.Second) }, nil, "it has only just ended"},
		"under way": {nil, func(t *testing.T, _, dir string) {
			write(t, filepath.Join(dir, "events.jsonl"), `{"t": 0, "type": "run.started", "data": {}}`+"\n")
		}, notOver},
		"torn": {nil, func(t *testing.T, _, dir string) {
			write(t, filepath.Join(dir, "events.jsonl"), `{"t": 9, "type": "run.ended", "da`)
		}, notOver},
		"result only":   {nil, func(t *testing.T, _, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "events.jsonl"))) }, "it is not known to be over: openat events.jsonl: no such file or directory"},
		"renamed":       {func(r *report.Result) { r.RunID = "kept-for-the-record" }, func(t *testing.T, out, dir string) { require.NoError(t, os.Rename(dir, filepath.Join(out, "r000"))) }, "somebody has renamed it: its run is kept-for-the-record"},
		"with notes":    {nil, func(t *testing.T, _, dir string) { write(t, filepath.Join(dir, "notes.txt"), "mine") }, "it holds notes.txt, which is no file of a run"},
		"with a folder": {nil, func(t *testing.T, _, dir string) { write(t, filepath.Join(dir, "report.html.tmp", "x"), "mine") }, "it holds report.html.tmp, which is no file of a run"},
		"with a link": {nil, func(t *testing.T, out, dir string) {
			require.NoError(t, os.Remove(filepath.Join(dir, "samples.bin")))
			require.NoError(t, os.Symlink(filepath.Join(out, "outside"), filepath.Join(dir, "samples.bin")))
		}, "it holds samples.bin, which is no file of a run"},
		"a link by then": {nil, func(t *testing.T, out, dir string) {
			require.NoError(t, os.Rename(dir, filepath.Join(out, "elsewhere")))
			require.NoError(t, os.Symlink("elsewhere", dir))
		}, "it is no directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			r := aResult(0)
			if c.result != nil {
				c.result(r)
			}
			dir := aWhole(t, out, r)
			if name == "a link by then" {
				x := opened(t, out)
				inStep(t, x)
				c.change(t, out, dir)
				notPruned(t, x, now, c.reason)
				return
			}
			if c.change != nil {
				c.change(t, out, dir)
			}
			x := opened(t, out)
			inStep(t, x)
			notPruned(t, x, now, c.reason)
		})
	}
}

func notPruned(t *testing.T, x *Index, now time.Time, reason string) {
	t.Helper()
	before := tree(t, x.out)
	pruned, err := x.Prune(t.Context(), Keep{Since: now}, now, false)
	require.NoError(t, err)
	assert.Empty(t, pruned.Removed)
	require.Len(t, pruned.Spared, 1)
	assert.Equal(t, reason, pruned.Spared[0].Reason)
	assert.Equal(t, before, tree(t, x.out))
}

// tree are all files below a directory but the index.
func tree(t *testing.T, out string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(out, func(path string, e os.DirEntry, err error) error {
		if e.Name() != File {
			names = append(names, path)
		}
		return err
	}))
	return names
}

// TestUnfinishedIsNotPruned proves that a run without a result, which may be under way, is not even looked at.
func TestUnfinishedIsNotPruned(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	dir := aWhole(t, out, aResult(0))
	require.NoError(t, os.Remove(filepath.Join(dir, "result.json")))
	x := opened(t, out)
	inStep(t, x)
	pruned, err := x.Prune(t.Context(), Keep{Since: began.Add(1000 * time.Hour)}, began.Add(1000*time.Hour), false)
	require.NoError(t, err)
	assert.Equal(t, &Pruned{}, pruned)
	assert.DirExists(t, dir)
}
