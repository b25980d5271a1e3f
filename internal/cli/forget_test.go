package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/history"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// oldRuns are those of a game day, hours before it and an hour apart, the newest last.
func oldRuns(t *testing.T, out, gameDay string, n int, now time.Time) (dirs []string) {
	t.Helper()
	for i := range n {
		at := now.Add(time.Duration(i-n) * time.Hour)
		r := report.Result{
			APIVersion: report.ResultVersion, Kind: "Result", RunID: fmt.Sprintf("%s-%d", gameDay, i), Experiment: report.ExperimentRef{Name: "e1"}, GameDay: gameDay,
			StartedAt: at, EndedAt: at.Add(time.Minute), Undo: report.UndoClean,
		}
		text, err := json.Marshal(r)
		require.NoError(t, err)
		dir := filepath.Join(out, r.RunID)
		require.NoError(t, os.MkdirAll(dir, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "result.json"), text, 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(dir, report.EventsFile), []byte(`{"t": 9, "type": "run.ended", "data": {}}`+"\n"), 0o644))
		dirs = append(dirs, dir)
	}
	return dirs
}

// TestGameDayForgets proves that a game day removes its own old runs, where it is told how many to keep, and no others.
func TestGameDayForgets(t *testing.T) {
	t.Parallel()
	day, clock, _, errs := aDay(t, daily+"  history: {keep: 2}\n", 1, ran{})
	own, others := oldRuns(t, day.out, "d", 4, clock.now), oldRuns(t, day.out, "other", 4, clock.now)
	assert.Zero(t, day.runAll(t.Context()))
	for _, dir := range append(others, own[2:]...) {
		assert.DirExists(t, dir)
	}
	for _, dir := range own[:2] {
		assert.NoDirExists(t, dir)
	}
	assert.Contains(t, errs.String(), "game day d: 2 old runs removed, older than the newest 2 of an experiment (history.keep)\n")

	day, clock, _, errs = aDay(t, daily, 1, ran{})
	for _, dir := range oldRuns(t, day.out, "d", 4, clock.now) {
		defer assert.DirExists(t, dir)
	}
	assert.Zero(t, day.runAll(t.Context()))
	assert.NotContains(t, errs.String(), "removed")
}

// TestGameDayThatCannotForget proves that a game day passes although its old runs cannot be looked for.
func TestGameDayThatCannotForget(t *testing.T) {
	t.Parallel()
	day, clock, _, errs := aDay(t, daily+"  history: {keep: 1}\n", 1, ran{})
	oldRuns(t, day.out, "d", 3, clock.now)
	require.NoError(t, os.WriteFile(filepath.Join(day.out, history.File), []byte("no database, but long enough to be taken for one at the first glance"), 0o644))
	assert.Zero(t, day.runAll(t.Context()))
	assert.Contains(t, errs.String(), "game day d: warning: old runs could not be removed (the index of runs "+filepath.Join(day.out, history.File)+" cannot be used: it is broken")
}
