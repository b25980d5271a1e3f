package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/history"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// assertRecorded proves that a process has put all of its runs into the index by itself, as their results have them.
func assertRecorded(t *testing.T, p *binary.Process, gameDay string) {
	t.Helper()
	index, err := history.Open(t.Context(), p.Out)
	require.NoError(t, err)
	defer index.Close()
	runs, err := index.Runs(t.Context(), history.Query{})
	require.NoError(t, err)
	var dirs []string
	for _, r := range runs {
		dirs = append(dirs, filepath.Join(p.Out, r.Dir))
		result := binary.ResultIn(t, filepath.Join(p.Out, r.Dir))
		assert.Equal(t, result.RunID, r.RunID)
		assert.Equal(t, result.Verdict, r.Verdict)
		assert.Equal(t, result.Undo, r.Undo)
		assert.Equal(t, report.Headline(&result), r.Why)
		assert.Equal(t, gameDay, r.GameDay)
		assert.Equal(t, gameDay, result.GameDay)
		assert.True(t, result.StartedAt.Equal(r.StartedAt))
	}
	assert.Equal(t, p.Dirs(t), dirs)
	assert.NotContains(t, p.Stderr.String(), "history", "nothing kept a run from being recorded")
}

// assertPruned proves that what runs leave is known as theirs: all but the newest can be removed, once they have been over for a
// while, and each of them not before.
func assertPruned(t *testing.T, p *binary.Process) {
	t.Helper()
	dirs := p.Dirs(t)
	index, err := history.Open(t.Context(), p.Out)
	require.NoError(t, err)
	defer index.Close()
	for _, later := range []time.Duration{0, time.Hour} {
		pruned, err := index.Prune(t.Context(), history.Keep{Last: 1}, binary.ResultIn(t, dirs[0]).EndedAt.Add(later), false)
		require.NoError(t, err)
		if later == 0 {
			require.Len(t, pruned.Spared, len(dirs)-1)
			assert.Equal(t, "it has only just ended", pruned.Spared[0].Reason)
			assert.Equal(t, dirs, p.Dirs(t))
			continue
		}
		assert.Empty(t, pruned.Spared)
		assert.Equal(t, dirs[len(dirs)-1:], p.Dirs(t))
	}
}
