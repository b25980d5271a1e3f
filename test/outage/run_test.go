package outage

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// ciPatience is what hosted CI gives a process between its first signal and its second, and killPatience between that
// and SIGKILL (G7).
const (
	ciPatience   = 7500 * time.Millisecond
	killPatience = 2500 * time.Millisecond
)

// start runs an experiment by a kubeconfig and waits until all ConfigMaps of the scene are seen to be broken.
func (s *scene) start(t *testing.T, kubeconfig, experiment string, flags ...string) *binary.Process {
	t.Helper()
	p := binary.Chaosctl{Kubeconfig: kubeconfig}.Start(t, "run", append([]string{"-f", experiment}, flags...)...)
	p.SaysTimes(t, "proved  patch configmap", len(s.before))
	require.Equal(t, len(s.before), s.broken(t))
	return p
}

// outcome is what a run must come to.
type outcome struct {
	code    int
	verdict report.Verdict
	undo    report.UndoState
}

// The outcomes of runs that were told to end.
var (
	interrupted = outcome{report.ExitInterrupted, report.Aborted, report.UndoClean}
	abandoned   = outcome{report.ExitUndoIncomplete, report.Aborted, report.UndoIncomplete}
)

// assertOutcome wants a run to have come to this, to say so in all of its records, and to have told the truth: the undo
// is clean if, and only if, the cluster is as before.
func (s *scene) assertOutcome(t *testing.T, p *binary.Process, want outcome) report.Result {
	t.Helper()
	code := p.Exit(t)
	r := p.Result(t)
	row := fmt.Sprintf("exit %3d  verdict %-8s undo %-11s %s", code, r.Verdict, r.Undo, strings.Join(r.Reasons, "; "))
	t.Log(row)
	outcomes.add(t.Name(), row)
	assert.Equal(t, want, outcome{code, r.Verdict, r.Undo})
	assert.NotEmpty(t, r.Reasons)
	require.Len(t, r.Changes, len(s.before))
	for _, c := range r.Changes {
		if want.undo == report.UndoClean {
			assert.Equal(t, "undone", c.Undo, c.ID)
		}
	}
	page := binary.Content(t, filepath.Join(p.Dir(t), "report.html"))
	assert.Contains(t, page, r.RunID)
	assert.Contains(t, page, "</html>")
	last := lastEvent(t, p)
	assert.Equal(t, "run.ended", last, "the log of the run has no end")
	if want.undo == report.UndoClean {
		s.assertRestored(t)
	}
	return r
}

// assertReason wants the first reason of the verdict to say something.
func (s *scene) assertReason(t *testing.T, r report.Result, text string) {
	t.Helper()
	if assert.NotEmpty(t, r.Reasons) {
		assert.Contains(t, r.Reasons[0], text)
	}
}

// table collects what the runs of all tests came to.
type table struct {
	mu   sync.Mutex
	rows []string
}

var outcomes table

func (o *table) add(test, row string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rows = append(o.rows, fmt.Sprintf("%-45s %s", test, row))
}

func (o *table) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	slices.Sort(o.rows)
	return strings.Join(o.rows, "\n") + "\n"
}

// lastEvent is the type of the last event in the log, all lines of which must be whole.
func lastEvent(t *testing.T, p *binary.Process) string {
	t.Helper()
	file, err := os.Open(filepath.Join(p.Dir(t), "events.jsonl"))
	require.NoError(t, err)
	defer file.Close()
	var e struct{ Type string }
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		require.NoError(t, json.Unmarshal(lines.Bytes(), &e), "%s", lines.Text())
	}
	require.NoError(t, lines.Err())
	return e.Type
}

// faults is the number of faults that runs have active at once: that of G7.
const faults = 10

// interrupt is what Ctrl-C sends.
const interrupt = syscall.SIGINT

func milliseconds(d time.Duration) string { return fmt.Sprint(d.Round(time.Millisecond)) }
