package probe_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/command"
	"github.com/chaosctl/chaosctl/pkg/probe"
)

func sh(script string) []string { return []string{"sh", "-c", script} }

func TestCommand(t *testing.T) {
	t.Setenv("PROBE_TEST_TOKEN", "s3cr3t")
	t.Setenv("PROBE_TEST_EMPTY", "")
	t.Setenv("PROBE_TEST_OTHER", "not given")
	region := "eu"
	token := []command.Variable{{Name: "PROBE_TEST_TOKEN"}}
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	const late, enough = 300 * time.Millisecond, 20 * time.Second
	for name, c := range map[string]struct {
		probe   probe.Command
		timeout time.Duration
		want    outcome
	}{
		"ends well":                   {probe.Command{Argv: []string{"true"}}, enough, holds()},
		"ends badly":                  {probe.Command{Argv: sh("echo fine; echo broken >&2; exit 3")}, enough, fails(`the command ended with exit code 3, stdout "fine", stderr "broken"`)},
		"no shell looks at it":        {probe.Command{Argv: []string{"test", "$HOME", "=", "$(echo $HOME)"}}, enough, fails("exit code 1")},
		"by a signal":                 {probe.Command{Argv: sh("kill -SEGV $$")}, enough, fails("signal 11 (segmentation fault)")},
		"a condition":                 {probe.Command{Argv: sh("echo 3; exit 7"), CEL: "exitCode == 7 && int(stdout) >= 2 && stderr == ''"}, enough, holds()},
		"a condition over a signal":   {probe.Command{Argv: sh("kill -TERM $$"), CEL: "exitCode == 143"}, enough, holds()},
		"a condition does not hold":   {probe.Command{Argv: sh("echo 1"), CEL: "int(stdout) >= 2"}, enough, fails(`int(stdout) >= 2 does not hold with exit code 0, stdout "1"`)},
		"a condition cannot be told":  {probe.Command{Argv: sh("echo many"), CEL: "int(stdout) >= 2"}, enough, isUnknown(`with exit code 0, stdout "many"`)},
		"no text":                     {probe.Command{Argv: sh(`printf '\377\033[2J'; exit 1`)}, enough, fails("stdout \"\uFFFD\\x1b[2J\"")},
		"its environment":             {probe.Command{Argv: sh(`test "$REGION-$PROBE_TEST_TOKEN" = eu-s3cr3t`), Env: append(token, command.Variable{Name: "REGION", Value: &region})}, enough, holds()},
		"no more of the environment":  {probe.Command{Argv: sh(`test -z "$PROBE_TEST_OTHER" && test -n "$PATH"`)}, enough, holds()},
		"a variable is not there":     {probe.Command{Argv: []string{"true"}, Env: []command.Variable{{Name: "PROBE_TEST_NONE"}}}, enough, isUnknown("the environment of chaosctl has no variable PROBE_TEST_NONE")},
		"a variable is empty":         {probe.Command{Argv: []string{"true"}, Env: []command.Variable{{Name: "PROBE_TEST_EMPTY"}}}, enough, isUnknown("has no variable PROBE_TEST_EMPTY")},
		"not there":                   {probe.Command{Argv: []string{"no-such-program"}}, enough, isUnknown(`"no-such-program": executable file not found`)},
		"not to be run":               {probe.Command{Argv: []string{file}}, enough, isUnknown("permission denied")},
		"reads nothing":               {probe.Command{Argv: sh("read line || exit 4")}, enough, fails("exit code 4")},
		"hangs":                       {probe.Command{Argv: []string{"sleep", "1000"}}, late, fails("did not end in time, and was killed with its process group")},
		"hangs, deaf to signals":      {probe.Command{Argv: sh("trap '' TERM INT HUP; echo begun; sleep 1000; sleep 1000")}, late, fails(`with its process group, stdout "begun"`)},
		"hangs, and a condition":      {probe.Command{Argv: []string{"sleep", "1000"}, CEL: "true"}, late, fails("did not end in time")},
		"says too much":               {probe.Command{Argv: sh("yes")}, 500 * time.Millisecond, fails("did not end in time")},
		"a gigabyte, not looked at":   {probe.Command{Argv: sh("head -c 1G /dev/zero")}, 60 * time.Second, holds()},
		"much, not looked at":         {probe.Command{Argv: sh("head -c 1M /dev/zero; echo ok >&2"), CEL: "stderr == 'ok'"}, enough, holds()},
		"much, and looked at":         {probe.Command{Argv: sh("head -c 1M /dev/zero"), CEL: "!stdout.contains('error')"}, enough, isUnknown("the command wrote more than 64 KiB to stdout, so the condition cannot be told")},
		"as much as is kept":          {probe.Command{Argv: sh("head -c 65536 /dev/zero"), CEL: "size(stdout) == 65536"}, enough, holds()},
		"a condition that is no such": {probe.Command{Argv: []string{"true"}, CEL: "stdout"}, enough, isUnknown("the condition gives string")},
	} {
		t.Run(name, func(t *testing.T) { measured(t, &c.probe, c.timeout, c.want) })
	}
}

// TestCommandKeepsSecrets: whatever a command does with a secret that it is given, nothing of that is recorded.
func TestCommandKeepsSecrets(t *testing.T) {
	t.Setenv("PROBE_TEST_TOKEN", "s3cr3t")
	told := func(p probe.Command, timeout time.Duration) string {
		p.Env = []command.Variable{{Name: "PROBE_TEST_TOKEN"}}
		err := p.Measure(within(t, timeout), nil)
		require.Error(t, err)
		return err.Error()
	}
	for name, script := range map[string]string{
		"plain": `echo $PROBE_TEST_TOKEN`, "on stderr": `echo $PROBE_TEST_TOKEN >&2`, "in base64": `printf %s $PROBE_TEST_TOKEN | base64`, "backwards": `printf %s $PROBE_TEST_TOKEN | rev`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, message := range []string{
				told(probe.Command{Argv: sh(script + "; exit 3")}, 20*time.Second),
				told(probe.Command{Argv: sh(script + "; sleep 1000")}, 300*time.Millisecond),
				told(probe.Command{Argv: sh(script), CEL: "exitCode == 1"}, 20*time.Second),
				told(probe.Command{Argv: sh(script), CEL: "int(stdout) == 1"}, 20*time.Second), // CEL quotes what is no number
				told(probe.Command{Argv: sh(script), CEL: "dyn(stdout)"}, 20*time.Second),
			} {
				for _, disguise := range []string{"s3cr3t", "czNjcjN0", "t3rc3s"} {
					assert.NotContains(t, message, disguise)
				}
				assert.Contains(t, message, "its output is not recorded, since it knows PROBE_TEST_TOKEN")
			}
		})
	}
}

// TestCommandLeavesNothing: children of a command die with it, whether it ended by itself or not, and do not keep a check
// waiting by holding its output.
func TestCommandLeavesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		script  string
		timeout time.Duration
		ends    bool
	}{
		"it ends":       {"sleep 1000 & echo $! >%s; exit 0", 20 * time.Second, true},
		"it ends badly": {"sleep 1000 & echo $! >%s; exit 1", 20 * time.Second, false},
		"it hangs":      {"sleep 1000 & echo $! >%s; wait", 500 * time.Millisecond, false},
		"grandchildren": {"(sleep 1000 & echo $! >%s; wait) & sleep 1000", 500 * time.Millisecond, false},
		"deaf children": {"(trap '' TERM HUP INT; sleep 1000) & echo $! >%s; wait", 500 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "pid")
			start := time.Now()
			err := (&probe.Command{Argv: sh(fmt.Sprintf(c.script, file))}).Measure(within(t, c.timeout), nil)
			assert.Equal(t, c.ends, err == nil, "%v", err)
			assert.Less(t, time.Since(start), 10*time.Second)
			gone(t, file)
		})
	}
}

// TestCommandWhoseChildLeaves: a child that leaves the group is beyond reach, but holds nobody up.
func TestCommandWhoseChildLeaves(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	start := time.Now()
	require.NoError(t, (&probe.Command{Argv: sh("setsid sh -c 'echo $$ >" + file + "; exec sleep 30' & while ! test -s " + file + "; do :; done")}).Measure(within(t, 20*time.Second), nil))
	assert.Less(t, time.Since(start), 15*time.Second)
	require.NoError(t, syscall.Kill(pidIn(t, file), syscall.SIGKILL), "it is alive")
}

// TestCommandEndsWithChaosctl: a command that is under way dies with a chaosctl that is killed.
func TestCommandEndsWithChaosctl(t *testing.T) {
	if file := os.Getenv("PROBE_TEST_VICTIM"); file != "" {
		_ = (&probe.Command{Argv: sh("echo $$ >" + file + "; exec sleep 1000")}).Measure(context.Background(), nil)
		return
	}
	if runtime.GOOS != "linux" {
		t.Skip("no other system offers that")
	}
	file := filepath.Join(t.TempDir(), "pid")
	victim := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	victim.Env = append(os.Environ(), "PROBE_TEST_VICTIM="+file)
	require.NoError(t, victim.Start())
	assert.Eventually(t, func() bool { _, err := os.Stat(file); return err == nil }, 20*time.Second, 10*time.Millisecond)
	pid := pidIn(t, file)
	require.NoError(t, syscall.Kill(pid, 0))
	require.NoError(t, victim.Process.Kill())
	_ = victim.Wait()
	gone(t, file)
}

func pidIn(t *testing.T, file string) (pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		text, _ := os.ReadFile(file)
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return pid > 1
	}, 20*time.Second, 10*time.Millisecond)
	return pid
}

// gone waits until the process whose number is in a file is no more, or is dead and only not yet reaped.
func gone(t *testing.T, file string) {
	t.Helper()
	pid := pidIn(t, file)
	assert.Eventually(t, func() bool {
		if syscall.Kill(pid, 0) != nil {
			return true
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || strings.Contains(string(status), ") Z ")
	}, 20*time.Second, 10*time.Millisecond, "process %d lives", pid)
}
