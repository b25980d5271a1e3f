package crash

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestKilledInCommand: a run is killed while its command is at work. The command dies with it, and its undo is run by who has the run's
// own journal, or has looked at the command; by nobody else, who learns what to type.
func TestKilledInCommand(t *testing.T) {
	t.Parallel()
	s := newScene(t, t, scenery{})
	before, err := s.look(t.Context())
	require.NoError(t, err)
	f := &fixture{faults: "- exec: {argv: [sh, -c, 'echo $$ >SCRATCH/effect; exec sleep 1000'], undo: [rm, -f, SCRATCH/effect], timeout: 1h}"}
	command := exec.CommandContext(t.Context(), binary.Path("chaosctl"), append(s.runArgs(t, f), "--kubeconfig", shared.Kubeconfig)...)
	var output bytes.Buffer
	command.Dir, command.Stdout, command.Stderr = t.TempDir(), &output, &output
	require.NoError(t, command.Start())
	file, pid := filepath.Join(s.scratch, "effect"), 0
	eventually(t, "the command is at work", func(context.Context) bool {
		text, _ := os.ReadFile(file)
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return pid > 1
	})
	require.NoError(t, command.Process.Kill())
	_ = command.Wait() // it was killed
	eventually(t, "the command is dead", func(context.Context) bool { return dead(pid) })

	p := s.recovered(t)
	assert.Equal(t, 3, p.code, "%s", p.output)
	assert.Contains(t, p.output, "in the cluster's journal alone")
	assert.Contains(t, p.output, "rm -f "+file, "it says what to type")
	assert.FileExists(t, file)
	now, err := s.look(t.Context())
	require.NoError(t, err)
	require.True(t, now.Journalled(), "who may run the command still has to learn of it")

	require.NoError(t, os.Chmod(s.journal(t), 0o644)) // as one that came with somebody's files
	s.recovery = []string{"--out", "RUNS"}
	p = s.recovered(t)
	assert.Equal(t, 3, p.code, "%s", p.output)
	assert.Contains(t, p.output, "is not a file of this user that is closed to others")
	assert.FileExists(t, file)

	require.NoError(t, os.Chmod(s.journal(t), 0o600))
	p = s.recovered(t)
	assert.Equal(t, 0, p.code, "%s", p.output)
	assert.Contains(t, p.output, "undone")
	assert.NoFileExists(t, file)
	now, err = s.look(t.Context())
	require.NoError(t, err)
	assert.Empty(t, now.Left(p.output))
	assert.Len(t, now.Objects, len(before.Objects))
}

// journal is the file of the scene's latest run.
func (s *scene) journal(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.runs, "*", "journal.jsonl"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	return found[0]
}

// dead says that a process is no more, or is only not yet reaped.
func dead(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(status), ") Z ")
}
