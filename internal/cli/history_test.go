package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/internal/cli"
	"github.com/chaosctl/chaosctl/pkg/history"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// recorded writes results of runs, and gives the directory of all.
func recorded(t *testing.T, all ...report.Result) string {
	t.Helper()
	out := t.TempDir()
	for _, r := range all {
		r.APIVersion, r.Kind, r.Undo = report.ResultVersion, "Result", report.UndoClean
		text, err := json.Marshal(r)
		require.NoError(t, err)
		require.NoError(t, os.Mkdir(filepath.Join(out, r.RunID), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(out, r.RunID, "result.json"), text, 0o644))
	}
	return out
}

// twoRuns are an old one that failed, and one of a game day of an hour ago.
func twoRuns(t *testing.T) string {
	t.Helper()
	now := time.Now()
	return recorded(t,
		report.Result{RunID: "old", Experiment: report.ExperimentRef{Name: "pod-kill", Promise: "self-healing"}, Verdict: report.Fail, StartedAt: now.AddDate(0, 0, -40)},
		report.Result{RunID: "new", Experiment: report.ExperimentRef{Name: "surge", Promise: "scaling"}, GameDay: "shop", Verdict: report.Pass, StartedAt: now.Add(-time.Hour)})
}

// listed gives the directories of the runs that history lists.
func listed(t *testing.T, args ...string) (names []string, stderr string) {
	t.Helper()
	code, stdout, stderr := call(t, append([]string{"history", "-o", "json"}, args...)...)
	require.Zero(t, code, stderr)
	var list struct{ Items []history.Run }
	require.NoError(t, json.Unmarshal([]byte(stdout), &list))
	require.NotNil(t, list.Items, "an empty list is one, too")
	for _, r := range list.Items {
		names = append(names, r.Dir)
	}
	return names, stderr
}

func TestHistoryChooses(t *testing.T) {
	t.Parallel()
	out := twoRuns(t)
	for _, c := range []struct {
		want []string
		args []string
	}{
		{[]string{"old", "new"}, nil},
		{[]string{"new"}, []string{"--since", "30d"}},
		{[]string{"new"}, []string{"--since", "5w"}},
		{[]string{"new"}, []string{"--since", "90m"}},
		{nil, []string{"--since", "30m"}},
		{[]string{"old", "new"}, []string{"--since", "2020-01-01T00:00"}},
		{[]string{"old"}, []string{"--verdict", "fail"}},
		{[]string{"new"}, []string{"--promise", "scaling"}},
		{[]string{"old"}, []string{"--experiment", "pod-kill"}},
		{nil, []string{"--experiment", "pod-kill", "--since", "1d"}},
		{[]string{"new"}, []string{"--gameday", "shop"}},
		{[]string{"new"}, []string{"--last", "1"}},
		{[]string{"old", "new"}, []string{"--rebuild"}},
	} {
		names, stderr := listed(t, append([]string{"--out", out}, c.args...)...)
		assert.Equal(t, c.want, names, c.args)
		if c.args == nil || c.args[0] != "--rebuild" {
			assert.Empty(t, stderr)
		}
	}
	_, stdout, _ := call(t, "history", "--out", out, "--verdict", "fail")
	assert.Contains(t, stdout, "✕ fail")
	assert.Contains(t, stdout, filepath.Join(out, "old"))
	_, stdout, _ = call(t, "history", "--out", out, "--verdict", "aborted")
	assert.Equal(t, "no run is like that\n", stdout)
}

func TestHistoryOfBadInput(t *testing.T) {
	t.Parallel()
	out, empty := twoRuns(t), t.TempDir()
	for _, c := range []struct {
		want string
		args []string
	}{
		{`--verdict "failed" is not known: did you mean "fail"?`, []string{"--verdict", "failed"}},
		{`--verdict "red" is not known: there are pass, fail, unknown, aborted`, []string{"--verdict", "red"}},
		{`--promise "scalling" is not known: did you mean "scaling"?`, []string{"--promise", "scalling"}},
		{`no run is of the experiment "podkill": did you mean "pod-kill"?`, []string{"--experiment", "podkill"}},
		{`no run is of the game day "x": there are shop`, []string{"--gameday", "x"}},
		{`--since: "soon" is neither a time such as 2027-03-01T00:00 nor a length of time such as 12h, 30d or 8w`, []string{"--since", "soon"}},
		{`--since: "-3d" is neither`, []string{"--since=-3d"}},
		{`--since: "0w" is neither`, []string{"--since", "0w"}},
		{`--since: "900000000w" is neither`, []string{"--since", "900000000w"}},
		{`--last is -1: expected 1 or more`, []string{"--last", "-1"}},
		{`--output "xml" is not known: use text or json`, []string{"-o", "xml"}},
		{empty + " holds no run: expected the directory that holds the directories of runs (see --out)", []string{"--out", empty}},
		{empty + " holds no run", []string{"--out", empty, "--rebuild"}},
		{filepath.Join(empty, "none") + " is not there: no run was recorded here (see --out)", []string{"--out", filepath.Join(empty, "none")}},
		{"the runs cannot be looked for", []string{"--out", filepath.Join(out, "old", "result.json")}},
	} {
		code, stdout, stderr := call(t, append([]string{"history", "--out", out}, c.args...)...)
		assert.Equal(t, report.ExitInvalid, code, c.args)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, "error: "+c.want, c.args)
	}
	entries, err := os.ReadDir(empty)
	require.NoError(t, err)
	assert.Empty(t, entries, "nothing is made where there are no runs")
}

// TestHistoryWithoutItsIndex proves that a broken index keeps nobody from the runs, and how it is mended.
func TestHistoryWithoutItsIndex(t *testing.T) {
	t.Parallel()
	out := twoRuns(t)
	path := filepath.Join(out, history.File)
	require.NoError(t, os.WriteFile(path, []byte("no database, but long enough to be taken for one at the first glance"), 0o644))
	names, stderr := listed(t, "--out", out)
	assert.Equal(t, []string{"old", "new"}, names)
	assert.Contains(t, stderr, "warning: the index of runs "+path+" cannot be used: it is broken")
	assert.Contains(t, stderr, "the runs are read one by one\nhint: nothing is lost; `chaosctl history --rebuild` makes it anew from the runs\n")

	names, stderr = listed(t, "--out", out, "--rebuild")
	assert.Equal(t, []string{"old", "new"}, names)
	assert.Equal(t, "the index was made anew from 2 runs\n", stderr)
	names, stderr = listed(t, "--out", out)
	assert.Equal(t, []string{"old", "new"}, names)
	assert.Empty(t, stderr)
}

// TestHistoryPointsOutRunsThatItLacks proves that a run that was killed, or whose result is torn, is not passed over in silence.
func TestHistoryPointsOutRunsThatItLacks(t *testing.T) {
	t.Parallel()
	out := twoRuns(t)
	for _, name := range []string{"k1", "k2", "k3", "k4", "torn"} {
		require.NoError(t, os.Mkdir(filepath.Join(out, name), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(out, name, map[bool]string{true: "result.json", false: "events.jsonl"}[name == "torn"]), []byte("{"), 0o644))
	}
	names, stderr := listed(t, "--out", out)
	assert.Equal(t, []string{"old", "new"}, names)
	killed := filepath.Join(out, "k1")
	assert.Contains(t, stderr, "note: the run in "+killed+" has no result: it is under way, or was killed (then `chaosctl report "+killed+"` makes it)\n")
	assert.Contains(t, stderr, "note: so it is with 1 more\n")
	assert.Contains(t, stderr, "warning: a run is left out: "+filepath.Join(out, "torn", "result.json")+" is not a result of chaosctl")
}

// TestOnlyHistoryMakesAnIndex proves that commands which need no history open none.
func TestOnlyHistoryMakesAnIndex(t *testing.T) {
	out := twoRuns(t)
	t.Chdir(filepath.Dir(out))
	for _, args := range [][]string{{"version"}, {"report", out}, {"list", "faults"}, {"validate", "-f", filepath.Join(out, "none")}} {
		_ = cli.Run(t.Context(), args, cli.Streams{Out: &discard{}, Err: &discard{}})
	}
	assert.NoFileExists(t, filepath.Join(out, history.File))
	call(t, "history", "--out", out)
	assert.FileExists(t, filepath.Join(out, history.File))
}

type discard struct{}

func (*discard) Write(p []byte) (int, error) { return len(p), nil }
