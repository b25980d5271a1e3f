package binary

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Chaosctl says how to run chaosctl.
type Chaosctl struct {
	// Kubeconfig is how it reaches its cluster.
	Kubeconfig string
	// Program is the path of the binary; the one that make builds, unless given.
	Program string
	// Shell is a command line for sh in which "$@" stands for chaosctl and its arguments; empty runs it without a shell.
	Shell string
	// Env are more variables of its environment, as name=value.
	Env []string
}

// Process is a chaosctl that a test has started.
type Process struct {
	Stdout, Stderr *Transcript
	// Out is the directory of the reports.
	Out string
	// Ended is closed when the process has ended.
	Ended chan struct{}

	command *exec.Cmd
}

// started counts the processes of this binary.
var started atomic.Int64

// Start runs `chaosctl COMMAND ARGS`, with the reports in a directory of the test's, which is kept by
// `go test -artifacts`. A test that ends before its process interrupts that, so that it puts back what it has changed.
func (c Chaosctl) Start(t *testing.T, command string, args ...string) *Process {
	t.Helper()
	out := filepath.Join(t.ArtifactDir(), fmt.Sprintf("%s-%d", command, started.Add(1)))
	p := &Process{Out: out, Stdout: newTranscript(), Stderr: newTranscript(), Ended: make(chan struct{})}
	args = append([]string{cmp.Or(c.Program, Path("chaosctl")), command, "--kubeconfig", c.Kubeconfig}, args...)
	if command == "run" || command == "serve" {
		args = append(args, "--out", p.Out)
	}
	if c.Shell != "" {
		args = append([]string{"sh", "-c", c.Shell, "sh"}, args...)
	}
	p.command = exec.CommandContext(t.Context(), args[0], args[1:]...)
	p.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	p.command.Dir = t.TempDir()
	p.command.Env = append(os.Environ(), c.Env...)
	p.command.Stdout, p.command.Stderr = p.Stdout, p.Stderr
	p.command.Cancel = func() error { return p.command.Process.Signal(os.Interrupt) }
	p.command.WaitDelay = 15 * time.Second
	require.NoError(t, p.command.Start())
	preferred(p.command.Process.Pid)
	go func() {
		defer close(p.Ended)
		_ = p.command.Wait() // the exit code is looked at by those who want to know
	}()
	t.Cleanup(func() {
		<-p.Ended
		if t.Failed() {
			t.Logf("%s\n%s%s", strings.Join(args, " "), p.Stderr, p.Stdout)
		}
	})
	return p
}

// preferred gives a process more of the processors than all else on this machine, where the kernel allows that: the
// cluster shares the machine with the one who measures it, which in use it would not. The kernel shares processors out
// between sessions before it does so within one (sched(7), autogroup), so it is the session that gets the weight. A
// real-time priority would do more than is asked: two such processes can keep the rest of the machine from running.
func preferred(pid int) {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/autogroup", pid), []byte("-10"), 0) // an older kernel has none
}

// LongestRun is more than any run of these tests takes on a machine that is busy.
const LongestRun = 4 * time.Minute

// Exit waits for the end of the process and returns its code.
func (p *Process) Exit(t *testing.T) int {
	t.Helper()
	select {
	case <-p.Ended:
	case <-time.After(LongestRun):
		t.Fatalf("chaosctl did not end within %s", LongestRun)
	}
	return p.command.ProcessState.ExitCode()
}

// Says waits until the process has written a text to stderr.
func (p *Process) Says(t *testing.T, text string) {
	t.Helper()
	p.SaysTimes(t, text, 1)
}

// SaysTimes waits until the process has written a text to stderr so many times.
func (p *Process) SaysTimes(t *testing.T, text string, times int) {
	t.Helper()
	timeout := time.After(LongestRun)
	for {
		written, more := p.Stderr.read()
		if strings.Count(written, text) >= times {
			return
		}
		select {
		case <-more:
		case <-p.Ended:
			if written, _ = p.Stderr.read(); strings.Count(written, text) < times {
				t.Fatalf("chaosctl ended, with code %d, before it said %q %d times", p.command.ProcessState.ExitCode(), text, times)
			}
		case <-timeout:
			t.Fatalf("chaosctl did not say %q %d times within %s", text, times, LongestRun)
		}
	}
}

// Signal sends a signal.
func (p *Process) Signal(t *testing.T, s os.Signal) {
	t.Helper()
	require.NoError(t, p.command.Process.Signal(s))
}

// Interrupt sends what Ctrl-C sends, and returns the exit code and how long that took.
func (p *Process) Interrupt(t *testing.T) (code int, took time.Duration) {
	t.Helper()
	sent := time.Now()
	p.Signal(t, syscall.SIGINT)
	code = p.Exit(t)
	return code, time.Since(sent)
}

// Dirs are those of the runs, in order of time.
func (p *Process) Dirs(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(p.Out, "*"))
	require.NoError(t, err)
	found = slices.DeleteFunc(found, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && !info.IsDir() // the index of a suite
	})
	slices.Sort(found) // names of runs begin with their time
	return found
}

// Dir is that of the only run.
func (p *Process) Dir(t *testing.T) string {
	t.Helper()
	dirs := p.Dirs(t)
	require.Len(t, dirs, 1)
	return dirs[0]
}

// PID is the process's number.
func (p *Process) PID() int { return p.command.Process.Pid }
