package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/experiments"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// process is a chaosctl that a test has started.
type process struct {
	command        *exec.Cmd
	stdout, stderr *transcript
	// out is the directory of the reports.
	out   string
	ended chan struct{}
}

// started counts the processes of this binary.
var started atomic.Int64

// start runs `chaosctl COMMAND ARGS` in a cluster, with the reports in a directory of the test's, which is kept by
// `go test -artifacts`. A test that ends before its process interrupts that, so that it puts back what it has changed.
func start(t *testing.T, c *cluster, command string, args ...string) *process {
	t.Helper()
	out := filepath.Join(t.ArtifactDir(), fmt.Sprintf("%s-%d", command, started.Add(1)))
	p := &process{out: out, stdout: newTranscript(), stderr: newTranscript(), ended: make(chan struct{})}
	args = append([]string{command, "--kubeconfig", c.Kubeconfig}, args...)
	if command == "run" || command == "serve" {
		args = append(args, "--out", p.out)
	}
	p.command = exec.CommandContext(t.Context(), binary("chaosctl"), args...)
	p.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	p.command.Dir = t.TempDir()
	p.command.Stdout, p.command.Stderr = p.stdout, p.stderr
	p.command.Cancel = func() error { return p.command.Process.Signal(os.Interrupt) }
	p.command.WaitDelay = 15 * time.Second
	require.NoError(t, p.command.Start())
	preferred(p.command.Process.Pid)
	go func() {
		defer close(p.ended)
		_ = p.command.Wait() // the exit code is looked at by those who want to know
	}()
	t.Cleanup(func() {
		<-p.ended
		if t.Failed() {
			t.Logf("chaosctl %s\n%s%s", strings.Join(args, " "), p.stderr, p.stdout)
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

// chaosctl runs a command to its end.
func chaosctl(t *testing.T, c *cluster, command string, args ...string) *process {
	t.Helper()
	p := start(t, c, command, args...)
	p.exit(t)
	return p
}

// longestRun is more than any run of these tests takes on a machine that is busy.
const longestRun = 4 * time.Minute

// exit waits for the end of the process and returns its code.
func (p *process) exit(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(longestRun):
		t.Fatalf("chaosctl did not end within %s", longestRun)
	}
	return p.command.ProcessState.ExitCode()
}

// says waits until the process has written a text to stderr.
func (p *process) says(t *testing.T, text string) {
	t.Helper()
	p.saysTimes(t, text, 1)
}

// saysTimes waits until the process has written a text to stderr so many times.
func (p *process) saysTimes(t *testing.T, text string, times int) {
	t.Helper()
	timeout := time.After(longestRun)
	for {
		written, more := p.stderr.read()
		if strings.Count(written, text) >= times {
			return
		}
		select {
		case <-more:
		case <-p.ended:
			if written, _ = p.stderr.read(); strings.Count(written, text) < times {
				t.Fatalf("chaosctl ended, with code %d, before it said %q %d times", p.command.ProcessState.ExitCode(), text, times)
			}
		case <-timeout:
			t.Fatalf("chaosctl did not say %q %d times within %s", text, times, longestRun)
		}
	}
}

// interrupt sends what Ctrl-C sends, and returns the exit code and how long that took.
func (p *process) interrupt(t *testing.T) (code int, took time.Duration) {
	t.Helper()
	sent := time.Now()
	require.NoError(t, p.command.Process.Signal(syscall.SIGINT))
	code = p.exit(t)
	return code, time.Since(sent)
}

// dirs are those of the runs, in order of time.
func (p *process) dirs(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(p.out, "*"))
	require.NoError(t, err)
	slices.Sort(found) // names of runs begin with their time
	return found
}

// dir is that of the only run.
func (p *process) dir(t *testing.T) string {
	t.Helper()
	dirs := p.dirs(t)
	require.Len(t, dirs, 1)
	return dirs[0]
}

// result is that of the only run. Its exit code must be the process's.
func (p *process) result(t *testing.T) report.Result {
	t.Helper()
	r := resultIn(t, p.dir(t))
	require.Equal(t, p.command.ProcessState.ExitCode(), r.ExitCode, "the exit code in the result is not that of the process")
	return r
}

func resultIn(t *testing.T, dir string) report.Result {
	t.Helper()
	var r report.Result
	require.NoError(t, json.Unmarshal([]byte(content(t, filepath.Join(dir, "result.json"))), &r))
	return r
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// transcript is what a process writes, to be read while it does.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func newTranscript() *transcript { return &transcript{more: make(chan struct{})} }

func (o *transcript) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.more)
	o.more = make(chan struct{})
	return o.text.Write(p)
}

// read gives all that was written, and a channel that is closed when there is more.
func (o *transcript) read() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String(), o.more
}

func (o *transcript) String() string {
	text, _ := o.read()
	return text
}

// builtin is the text of an experiment of the library.
func builtin(t *testing.T, name string) string {
	t.Helper()
	path, ok := experiments.Path(name)
	require.True(t, ok)
	text, err := experiments.Files.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// patient is the file of an experiment of the library that allows answers to be slow: how slow they are tells of this
// machine, which runs the cluster, the load and the tests, and not of chaosctl.
func patient(t *testing.T, name string) string {
	t.Helper()
	return but(t, builtin(t, name), "p99: 500ms", "p99: 5s")
}

// but is a text with one thing in place of another, which it must hold exactly once.
func but(t *testing.T, text, old, replacement string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(text, old), "%q in\n%s", old, text)
	return strings.Replace(text, old, replacement, 1)
}

// file writes a text to a file of the test's.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "experiment.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// quiet is an experiment without load, for tests of something else than measurement: it passes when the target has all
// of its replicas, however busy the machine is.
func quiet(name, workload, fault, duration string) string {
	return fmt.Sprintf(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: %s}
spec:
  promise: configuration
  target: {namespace: shop, workload: %s}
  steady: {for: 1s}
  faults:
  - {name: break, %s}
  duration: %s
  recovery: {timeout: 2m, stableFor: 1s}
  expect:
  - replicas: {atLeast: 3}
`, name, workload, fault, duration)
}
