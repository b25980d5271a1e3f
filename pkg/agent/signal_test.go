//go:build linux

package agent_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/agent"
)

// role is the variable that makes this program a part of an agent, instead of its tests.
const role = "CHAOSCTL_TEST_AGENT"

func TestMain(m *testing.M) {
	terms := agent.Terms{For: time.Minute, Until: time.Now().Add(time.Minute)}
	switch what, name, _ := strings.Cut(os.Getenv(role), " "); what {
	case "keep":
		if err := agent.Keep(terms, os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	case "stop":
		agent.Run(context.Background(), stopping(name), terms, os.Stdin, os.Stdout)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// called are those of this machine with a name, which no other test uses.
func called(name string) agent.Processes {
	return agent.Processes{Containers: []string{"/"}, Name: name}
}

func stopping(name string) agent.Signal {
	return agent.Signal{Of: called(name), Signal: agent.SignalStop, Keeper: as("keep")}
}

// as makes commands of this program in a role.
func as(what string) func() *exec.Cmd {
	return func() *exec.Cmd {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = []string{role + "=" + what}
		return cmd
	}
}

// victim is a process with a name of its own, that waits until the test is over.
type victim struct {
	*exec.Cmd
	name string
}

func newVictim(t *testing.T, script string) victim {
	t.Helper()
	shell, err := exec.LookPath("sh")
	require.NoError(t, err)
	v := victim{name: "v" + strings.ToLower(rand(t))}
	path := filepath.Join(t.TempDir(), v.name)
	require.NoError(t, os.Symlink(shell, path))
	v.Cmd = exec.Command(path, "-c", script)
	in, err := v.StdinPipe() // it waits for input, which never comes
	require.NoError(t, err)
	out, err := v.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, v.Start())
	t.Cleanup(func() {
		_ = v.Process.Kill()
		_ = in.Close()
		_ = v.Wait()
	})
	_, err = io.ReadFull(out, make([]byte, 1)) // it has come to its loop
	require.NoError(t, err)
	return v
}

const loop = `echo; while read line; do :; done`

// rand is a short text that is unlikely to be there twice.
func rand(t *testing.T) string {
	t.Helper()
	return strings.TrimPrefix(filepath.Base(t.TempDir()), "0") + strings.ReplaceAll(time.Now().Format("150405.000000"), ".", "")
}

func (v victim) state(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(v.Process.Pid), "stat"))
	require.NoError(t, err)
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))[0]
}

func TestStoppedProcessesGoOn(t *testing.T) {
	v := newVictim(t, loop)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	did, err := stopping(v.name).Run(ctx, func() {
		assert.Equal(t, "T", v.state(t), "it is said to be in effect when it is")
		cancel()
	})
	require.NoError(t, err)
	assert.Contains(t, did, "stopped 1 process called "+v.name)
	assert.NotEqual(t, "T", v.state(t))
}

// TestStoppedProcessesGoOnWhenTheAgentIsKilled, which leaves it no time to see to that.
func TestStoppedProcessesGoOnWhenTheAgentIsKilled(t *testing.T) {
	v := newVictim(t, loop)
	cmd := as("stop " + v.name)()
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	defer in.Close()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = io.ReadFull(out, make([]byte, len(agent.Started)))
	require.NoError(t, err)
	require.Equal(t, "T", v.state(t))
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	assert.Eventually(t, func() bool { return v.state(t) != "T" }, 20*time.Second, 5*time.Millisecond)
}

// TestStoppedProcessesGoOnWhenTheKeeperIsKilled: the agent is left, and ends.
func TestStoppedProcessesGoOnWhenTheKeeperIsKilled(t *testing.T) {
	v := newVictim(t, loop)
	task := stopping(v.name)
	var keeper *exec.Cmd
	task.Keeper = func() *exec.Cmd {
		keeper = as("keep")()
		return keeper
	}
	_, err := task.Run(t.Context(), func() { assert.NoError(t, keeper.Process.Kill()) })
	assert.ErrorContains(t, err, "the keeper")
	assert.NotEqual(t, "T", v.state(t))
}

func TestSignals(t *testing.T) {
	for name, c := range map[string]struct{ script, signal, did, err string }{
		"kill":               {loop, "kill", "1 ended, 0 took it", ""},
		"without a handler":  {loop, "term", "1 ended, 0 took it", ""},
		"with a handler":     {"trap : USR1; " + loop, "usr1", "", ""},
		"that is ignored":    {"trap '' HUP; " + loop, "hup", "", "ignores the signal hup"},
		"that nobody knows":  {loop, "nonsense", "", "there is no signal"},
		"of nobody's making": {"", "term", "", "no process called"},
	} {
		t.Run(name, func(t *testing.T) {
			who := "nobody-is-called-so"
			if c.script != "" {
				who = newVictim(t, c.script).name
			}
			started := 0
			did, err := agent.Signal{Of: called(who), Signal: c.signal}.Run(t.Context(), func() { started++ })
			if c.err != "" {
				assert.ErrorContains(t, err, c.err)
				assert.Zero(t, started)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, 1, started)
			assert.Contains(t, did, c.did)
		})
	}
}

// TestSignalsOfThoseLeftOut: no process of another container is meant.
func TestSignalsOfThoseLeftOut(t *testing.T) {
	v := newVictim(t, loop)
	of := called(v.name)
	of.Containers = []string{"a-container-that-is-not-there"}
	_, err := agent.Signal{Of: of, Signal: "kill"}.Run(t.Context(), func() { t.Error("it was sent") })
	assert.ErrorContains(t, err, "no process")
	of = called(v.name)
	of.Main = agent.OnlyMain
	_, err = agent.Signal{Of: of, Signal: "kill"}.Run(t.Context(), func() { t.Error("it was sent") })
	assert.ErrorContains(t, err, "no process")
}

func TestAgentThatIsAsked(t *testing.T) {
	in, ask := io.Pipe()
	heard, out := io.Pipe()
	defer in.Close()
	go func() {
		r := agent.Run(t.Context(), waiting{}, terms(time.Minute), in, out)
		assert.Equal(t, agent.Stopped, r.End)
		out.Close()
	}()
	read := func() string {
		line := make([]byte, len(agent.Started)+1)
		_, err := io.ReadFull(heard, line)
		require.NoError(t, err)
		return strings.TrimSpace(string(line))
	}
	assert.Equal(t, agent.Started, read())
	_, err := io.WriteString(ask, agent.Ask+"\n")
	require.NoError(t, err)
	assert.Equal(t, agent.Started, read())
	_, err = io.WriteString(ask, agent.Stop+"\n")
	require.NoError(t, err)
	_, err = io.ReadAll(heard)
	require.NoError(t, err)
}
