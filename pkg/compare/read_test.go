package compare

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// keep writes results as runs leave them, each in a directory of its own.
func keep(t *testing.T, dir string, results ...*report.Result) {
	t.Helper()
	for _, r := range results {
		text, err := json.Marshal(r)
		require.NoError(t, err)
		path := filepath.Join(dir, r.RunID)
		require.NoError(t, os.MkdirAll(path, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(path, ResultFile), text, 0o644))
	}
}

func TestReadTakesFilesAndDirectories(t *testing.T) {
	dir := t.TempDir()
	keep(t, filepath.Join(dir, "deep", "down"), well().result("b"), well().result("a"))
	keep(t, filepath.Join(dir, "again"), well().result("a"))
	for path, want := range map[string]int{
		"": 2, "deep": 2, "deep/down/a": 1, "deep/down/b/result.json": 1,
	} {
		s, err := Read(filepath.Join(dir, path), "")
		require.NoError(t, err)
		assert.Len(t, s.Runs, want, path)
	}
	s, err := Read(dir, "")
	require.NoError(t, err)
	assert.Equal(t, 1, s.Copies, "a copy is no repeat")
	c := Compare(s, s, Options{})
	assert.Contains(t, c.Notes, "base holds 1 copies of its runs, which are left out: a copy is no repeat")
}

func TestReadOfSeveralExperiments(t *testing.T) {
	dir := t.TempDir()
	other := well().result("c")
	other.Experiment.Name = "drain"
	keep(t, dir, well().result("a"), well().result("b"), other)
	_, err := Read(dir, "")
	require.Error(t, err)
	assert.Contains(t, err.Error(), "several experiments (drain, pod-kill): choose one by --experiment drain")
	s, err := Read(dir, "pod-kill")
	require.NoError(t, err)
	assert.Len(t, s.Runs, 2)
	_, err = Read(dir, "scale")
	require.Error(t, err)
	assert.Contains(t, err.Error(), `no run of the experiment "scale", only of drain, pod-kill`)
}

// TestReadRefuses holds that nothing is compared that is not a result, and that the error says what to do.
func TestReadRefuses(t *testing.T) {
	empty := t.TempDir()
	killed := t.TempDir()
	keep(t, killed, well().result("a"))
	require.NoError(t, os.MkdirAll(filepath.Join(killed, "z"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(killed, "z", report.EventsFile), []byte("{}\n"), 0o644))
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "result.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	for path, want := range map[string]string{
		empty: "holds no run: expected a result.json", filepath.Join(empty, "none"): "no such file", killed: "chaosctl report " + filepath.Join(killed, "z"),
		file(""): "is not a result of chaosctl", file("{"): "is not a result of chaosctl", file("{}"): "expected kind Result", file(`{"kind":"Result","apiVersion":"v9"}`): `of "v9"`,
	} {
		_, err := Read(path, "")
		if assert.Error(t, err, path) {
			assert.Contains(t, err.Error(), want)
		}
	}
}
