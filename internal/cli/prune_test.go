package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// over are two runs, of which the older one is over, and of the other that is not known.
func over(t *testing.T) string {
	t.Helper()
	out := twoRuns(t)
	require.NoError(t, os.WriteFile(filepath.Join(out, "old", "events.jsonl"), []byte(`{"t": 9, "type": "run.ended", "data": {}}`+"\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(out, "new", "events.jsonl"), []byte(`{"t": 9, "type": "run.started", "data": {}}`+"\n"), 0o644))
	return out
}

func TestPruneCommand(t *testing.T) {
	t.Parallel()
	out := over(t)
	code, stdout, _ := call(t, "history", "prune", "--out", out, "--keep", "10m", "--dry-run")
	assert.Zero(t, code)
	assert.Regexp(t, `^would remove \S+/old\nkeep         \S+/new: it is not known to be over: .*\n1 run would be removed, with \d+(\.\d)? (bytes|kB)\n$`, stdout)
	assert.DirExists(t, filepath.Join(out, "old"))

	code, stdout, _ = call(t, "history", "prune", "--out", out, "--keep", "10m", "--keep-last", "1")
	assert.Zero(t, code)
	assert.Equal(t, "0 runs removed, with 0 bytes\n", stdout, "each is the newest of its experiment")

	code, stdout, _ = call(t, "history", "prune", "--out", out, "--keep", "10m")
	assert.Zero(t, code)
	assert.Regexp(t, `^remove       \S+/old\n`, stdout)
	assert.NoDirExists(t, filepath.Join(out, "old"))
	names, _ := listed(t, "--out", out)
	assert.Equal(t, []string{"new"}, names)
}

func TestPruneForPrograms(t *testing.T) {
	t.Parallel()
	out := over(t)
	code, stdout, _ := call(t, "history", "prune", "--out", out, "--keep", "10m", "-o", "json")
	assert.Zero(t, code)
	var list struct {
		DryRun bool
		Bytes  int64
		Items  []struct {
			Dir, Reason string
			Removed     bool
		}
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &list))
	assert.False(t, list.DryRun)
	assert.Positive(t, list.Bytes)
	require.Len(t, list.Items, 2)
	assert.Equal(t, "old", list.Items[0].Dir)
	assert.True(t, list.Items[0].Removed)
	assert.Equal(t, "new", list.Items[1].Dir)
	assert.False(t, list.Items[1].Removed)
	assert.Contains(t, list.Items[1].Reason, "it is not known to be over")
}

func TestPruneOfBadInput(t *testing.T) {
	t.Parallel()
	out := over(t)
	for _, c := range []struct {
		want string
		args []string
	}{
		{"say what is to be kept: --keep TIME, --keep-last NUMBER, or both", nil},
		{`--keep: "2027-03-01T00:00" is not a length of time such as 12h, 30d or 8w`, []string{"--keep", "2027-03-01T00:00"}},
		{`--keep: "0d" is not`, []string{"--keep", "0d"}},
		{"--keep-last is -1: expected 1 or more", []string{"--keep-last", "-1"}},
		{filepath.Join(out, "none") + " is not there", []string{"--keep", "1d", "--out", filepath.Join(out, "none")}},
		{`--output "xml" is not known: use text or json`, []string{"--keep", "1d", "-o", "xml"}},
		{`unknown command "now" for "chaosctl history prune"`, []string{"now"}},
	} {
		code, stdout, stderr := call(t, append([]string{"history", "prune", "--out", out}, c.args...)...)
		assert.Equal(t, report.ExitInvalid, code, c.args)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, "error: "+c.want)
	}
	assert.DirExists(t, filepath.Join(out, "old"))
}
