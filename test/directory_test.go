package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestDirectoryOfExperiments proves that -f with a directory runs every file of it, in order, and that the exit code is
// that of the worst; one that is refused keeps none of the others from being run. Repeats are counted together. The index beside
// them links to each report, and all are in the history.
func TestDirectoryOfExperiments(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	dir := t.TempDir()
	fault := "configCorrupt: {configMap: catalogue-config, key: mode}"
	passes := quiet("passes", "deployment/catalogue", fault, "3s")
	fails := but(t, quiet("fails", "deployment/catalogue", fault, "3s"), "atLeast: 3", "atLeast: 4") // there are 3
	refused := but(t, quiet("refused", "deployment/catalogue", fault, "3s"), "deployment/catalogue", "deployment/nobody")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "0-refused.yaml"), []byte(refused), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "1-fails.yaml"), []byte(fails), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "2-passes.yaml"), []byte(passes), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("not an experiment"), 0o644))

	p := chaosctl(t, s.cluster, "run", "-f", dir, "-n", s.namespace)
	assert.Equal(t, report.ExitFail, p.Exit(t))
	runs := p.Dirs(t)
	require.Len(t, runs, 2)
	first, second := binary.ResultIn(t, runs[0]), binary.ResultIn(t, runs[1])
	assert.Equal(t, "fails", first.Experiment.Name)
	assert.Equal(t, report.Fail, first.Verdict)
	assert.Equal(t, "passes", second.Experiment.Name)
	assert.Equal(t, report.Pass, second.Verdict)
	assert.False(t, second.StartedAt.Before(first.EndedAt), "the runs overlap")
	assert.Empty(t, s.marks(t))
	index, err := os.ReadFile(filepath.Join(filepath.Dir(runs[0]), report.IndexFile))
	require.NoError(t, err)
	assert.Contains(t, string(index), "deployment/nobody does not exist", "the index does not say why one was not run")
	for _, run := range runs {
		assert.Contains(t, string(index), `href="./`+filepath.Base(run)+`/report.html"`)
	}

	assertRecorded(t, p, "")

	again := chaosctl(t, s.cluster, "run", "-f", filepath.Join(dir, "2-passes.yaml"), "-n", s.namespace, "--repeat", "2", "--require", "1")
	assert.Zero(t, again.Exit(t))
	assert.Len(t, again.Dirs(t), 2)
	assertRecorded(t, again, "")
	assertPruned(t, again)
	assert.Contains(t, again.Stdout.String(), "passes: 2 of 2 runs passed")
	never := chaosctl(t, s.cluster, "run", "-f", filepath.Join(dir, "1-fails.yaml"), "-n", s.namespace, "--repeat", "2", "--require", "1")
	assert.Equal(t, report.ExitFail, never.Exit(t))
	assert.Contains(t, never.Stdout.String(), "fails: 0 of 2 runs passed")
}
