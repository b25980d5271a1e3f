package e2e

import (
	"path/filepath"
	"testing"

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
