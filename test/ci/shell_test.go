package ci

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// end is how a script has ended.
type end struct {
	ok, cancelled bool
	said          string
}

// patience is how long a runner waits for a step to end that it has told to; then it kills all of it. GitHub's waits as long.
const patience = 10 * time.Second

// shell runs a script. Where it is the one whose run is cancelled, interrupt is called with its process as soon as the run waits.
func (m *machine) shell(script string, env map[string]string, interrupt func(pid int) error, args ...string) end {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), 2*time.Minute)
	defer cancel()
	file := filepath.Join(m.temp, "script.sh")
	require.NoError(m.t, os.WriteFile(file, []byte(script), 0o600))
	c := exec.CommandContext(ctx, "bash", append(args, file)...)
	c.Dir = m.workspace
	all := maps.Clone(m.env)
	maps.Copy(all, env)
	all["PATH"] = strings.Join(m.path, ":")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c.Env = append(c.Env, name+"="+all[name])
	}
	// A group of its own, so that it may be signalled as a whole.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	require.NoError(m.t, c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for m.story == cancelled {
		select {
		case err := <-ended:
			return endOf(err, false, said.String())
		case <-time.After(10 * time.Millisecond):
		}
		if _, err := os.Stat(m.readyFile()); err == nil {
			require.NoError(m.t, os.Remove(m.readyFile()))
			require.NoError(m.t, interrupt(c.Process.Pid))
			select {
			case err := <-ended:
				return endOf(err, true, said.String())
			case <-time.After(patience):
				require.NoError(m.t, group(syscall.SIGKILL)(c.Process.Pid))
				return endOf(<-ended, true, said.String())
			}
		}
	}
	return endOf(<-ended, false, said.String())
}

func endOf(err error, cancelled bool, said string) end {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		said += "\n" + err.Error()
	}
	return end{ok: err == nil, cancelled: cancelled, said: said}
}

// one signals a process alone, and group all of its group.
func one(of syscall.Signal) func(int) error {
	return func(pid int) error { return syscall.Kill(pid, of) }
}

func group(of syscall.Signal) func(int) error {
	return func(pid int) error { return syscall.Kill(-pid, of) }
}
