package outage

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/lock"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestSignal proves of each signal that asks a process to end that all is undone, and reported, within the time that
// hosted CI gives.
func TestSignal(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			s := newScene(t, faults)
			p := s.start(t, shared.Kubeconfig, s.experiment(t, 5*time.Minute))
			sent := time.Now()
			p.Signal(t, signal)
			s.assertOutcome(t, p, interrupted)
			t.Logf("left %s after the signal", milliseconds(time.Since(sent)))
			assert.Less(t, time.Since(sent), ciPatience)
		})
	}
}

// TestHostedCICancels goes through the signals by which hosted CI cancels a step, with a load under way: all must be
// undone and told before the last.
func TestHostedCICancels(t *testing.T) {
	t.Parallel()
	s := newScene(t, faults)
	p := s.start(t, shared.Kubeconfig, s.experiment(t, 5*time.Minute, load(t)))
	killed := cancelStep(t, p)
	assert.False(t, killed, "the step was killed")
	r := s.assertOutcome(t, p, interrupted)
	assert.NotZero(t, r.Streams[0].Requests)
}

// load is a stream of requests to a server of the test's, as lines for the spec of an experiment.
func load(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	return fmt.Sprintf("  load:\n  - {name: browse, http: {url: %q}, rate: 50/s}\n", server.URL)
}

// cancelStep sends what hosted CI sends until the process ends, and says whether it had to be killed.
func cancelStep(t *testing.T, p *binary.Process) (killed bool) {
	t.Helper()
	began := time.Now()
	for _, step := range []struct {
		signal   syscall.Signal
		patience time.Duration
	}{{syscall.SIGINT, ciPatience}, {syscall.SIGTERM, killPatience}} {
		p.Signal(t, step.signal)
		select {
		case <-p.Ended:
			t.Logf("left %s after the first signal", milliseconds(time.Since(began)))
			return false
		case <-time.After(step.patience):
		}
	}
	p.Signal(t, syscall.SIGKILL)
	<-p.Ended
	return true
}

// TestReaderThatLeaves proves that a run whose output nobody reads any more goes to its end: to put back what it has
// changed, and to the exit code that it would have had.
func TestReaderThatLeaves(t *testing.T) {
	t.Parallel()
	for name, shell := range map[string]string{
		"stdout":            `{ "$@"; echo $? >code; } | true`,
		"stdout and stderr": `{ "$@" 2>&1; echo $? >code; } | head -1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, 1)
			code := filepath.Join(t.TempDir(), "code")
			shell := strings.Replace(shell, ">code", ">"+code, 1)
			p := binary.Chaosctl{Kubeconfig: shared.Kubeconfig, Shell: shell}.Start(t, "run", "-f", s.experiment(t, time.Second))
			p.Exit(t)
			s.assertRestored(t)
			r := binary.ResultIn(t, p.Dir(t))
			assert.Equal(t, report.Pass, r.Verdict, r.Reasons)
			assert.Equal(t, report.UndoClean, r.Undo)
			assert.Equal(t, "0\n", binary.Content(t, code))
			assert.FileExists(t, filepath.Join(p.Dir(t), "report.html"))
		})
	}
}

// TestStopAndContinue proves that a run that stood still until after its fault window goes on and puts everything back.
func TestStopAndContinue(t *testing.T) {
	t.Parallel()
	s := newScene(t, faults)
	// More than a busy machine takes to stop the process, and less than its Lease lasts: that is not renewed meanwhile.
	const window = lock.Duration / 2
	p := s.start(t, shared.Kubeconfig, s.experiment(t, window))
	over := time.After(window)
	p.Signal(t, syscall.SIGSTOP)
	eventually(t, "the process stands still", func() bool { return strings.Contains(state(t, p), "T (stopped)") })
	<-over
	assert.Equal(t, faults, s.broken(t))
	p.Signal(t, syscall.SIGCONT)
	s.assertOutcome(t, p, passed)
}

// state is what the kernel says of the process.
func state(t *testing.T, p *binary.Process) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	require.NoError(t, err)
	return string(text)
}
