package e2e

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestServeRunsOnSchedule proves that a game day of every minute begins at two minutes in a row, and
// that an interrupt between two runs ends it at once.
func TestServeRunsOnSchedule(t *testing.T) {
	t.Parallel()
	s := newShop(t, shared, healthy)
	before := s.configMap(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "corrupt.yaml"), []byte(
		quiet("corrupt", "deployment/catalogue", "configCorrupt: {configMap: catalogue-config, key: catalogue.json}", "5s")), 0o644))
	day := filepath.Join(dir, "gameday.yaml")
	require.NoError(t, os.WriteFile(day, []byte(`apiVersion: chaosctl.dev/v1alpha1
kind: GameDay
metadata: {name: every-minute}
spec:
  schedule: "* * * * *"
  experiments:
  - {file: corrupt.yaml}
`), 0o644))

	p := start(t, s.cluster, "serve", "-f", day, "-n", s.namespace, "--listen", "127.0.0.1:0")
	p.SaysTimes(t, "game day every-minute: next run at", 3)
	metrics := fetched(t, regexp.MustCompile(`metrics at (http://\S+)`).FindStringSubmatch(p.Stderr.String())[1])
	assert.Contains(t, metrics, `chaosctl_runs_total{experiment="corrupt",gameday="every-minute",verdict="pass"} 2`)
	assert.Contains(t, metrics, `chaosctl_last_run_undo_incomplete{experiment="corrupt",gameday="every-minute"} 0`)
	code, took := p.Interrupt(t)
	assert.Zero(t, code)
	assert.Less(t, took, 5*time.Second)

	runs := p.Dirs(t)
	require.Len(t, runs, 2)
	var minutes []time.Time
	for _, dir := range runs {
		r := binary.ResultIn(t, dir)
		assert.Equal(t, report.Pass, r.Verdict)
		assert.Equal(t, report.UndoClean, r.Undo)
		minute := r.StartedAt.Truncate(time.Minute)
		minutes = append(minutes, minute)
		late := r.StartedAt.Sub(minute)
		t.Logf("the run of %s began %s late", minute.Format(time.TimeOnly), late.Round(time.Millisecond))
		assert.Less(t, late, 3*time.Second) // on a machine that does other things as well
	}
	assert.Equal(t, time.Minute, minutes[1].Sub(minutes[0]))
	assertRecorded(t, p, "every-minute")
	assertSameContent(t, before, s.configMap(t))
	assert.Empty(t, s.marks(t))
}

func fetched(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(text)
}

// TestServeOfADirectory proves that two game days that break one target at the same minute do so one after the other, that one
// that comes later is run too, and that of one that is broken the last good version goes on.
func TestServeOfADirectory(t *testing.T) {
	t.Parallel()
	s := newShop(t, shared, healthy)
	before := s.configMap(t)
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	day := func(name string) string {
		return `apiVersion: chaosctl.dev/v1alpha1
kind: GameDay
metadata: {name: ` + name + `}
spec:
  schedule: "* * * * *"
  concurrency: queue
  experiments:
  - {file: corrupt.yaml}
`
	}
	write("corrupt.yaml", quiet("corrupt", "deployment/catalogue", "configCorrupt: {configMap: catalogue-config, key: catalogue.json}", "3s"))
	write("a.yaml", day("first"))
	write("b.yaml", day("second"))

	p := start(t, s.cluster, "serve", "-f", dir, "-n", s.namespace, "--listen", "127.0.0.1:0")
	p.Says(t, "game day first: next run at")
	p.Says(t, "game day second: next run at")
	write("b.yaml", but(t, day("second"), "schedule:", "scedule:"))
	p.Says(t, "b.yaml:5:3: spec.scedule: unknown field")
	at := regexp.MustCompile(`metrics at (http://\S+)`).FindStringSubmatch(p.Stderr.String())[1]
	metrics := fetched(t, at)
	assert.Contains(t, metrics, `chaosctl_gameday_config_valid{file="`+dir+`/a.yaml"} 1`)
	assert.Contains(t, metrics, `chaosctl_gameday_config_valid{file="`+dir+`/b.yaml"} 0`)
	p.SaysTimes(t, "game day first: next run at", 2)
	p.SaysTimes(t, "game day second: next run at", 2) // after its run, which was in the queue
	write("b.yaml", day("third"))
	p.Says(t, "game day second: it is not there any more")
	p.Says(t, "game day third: next run at")
	p.SaysTimes(t, "game day third: next run at", 2)
	metrics = fetched(t, at)
	for _, name := range []string{"first", "second", "third"} {
		assert.Contains(t, metrics, `chaosctl_runs_total{experiment="corrupt",gameday="`+name+`",verdict="pass"} `)
		assert.NotContains(t, metrics, `gameday="`+name+`",verdict="not run"`)
		assert.FileExists(t, filepath.Join(p.Out, "index-"+name+".html"))
	}
	assert.Contains(t, p.Stderr.String(), "corrupt waits for its target: run ", "one of two had to")
	code, _ := p.Interrupt(t)
	assert.Zero(t, code)

	var last time.Time
	for _, dir := range p.Dirs(t) {
		r := binary.ResultIn(t, dir)
		if r.Verdict == report.Aborted {
			continue // by the interrupt
		}
		assert.Equal(t, report.Pass, r.Verdict)
		assert.False(t, r.StartedAt.Before(last), "%s begins at %s, before the end of the run before at %s", dir, r.StartedAt, last)
		last = r.EndedAt
	}
	assertSameContent(t, before, s.configMap(t))
	assert.Empty(t, s.marks(t))
}

// TestServeUndoesWhenItsWindowEnds proves that a freeze that begins in the middle of a run ends that run, puts everything
// back, and keeps the next experiment from beginning; and that none begins within the freeze.
func TestServeUndoesWhenItsWindowEnds(t *testing.T) {
	t.Parallel()
	s := newShop(t, shared, healthy)
	before := s.configMap(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "corrupt.yaml"), []byte(
		quiet("corrupt", "deployment/catalogue", "configCorrupt: {configMap: catalogue-config, key: catalogue.json}", "5m")), 0o644))
	day := filepath.Join(dir, "gameday.yaml")
	freeze := time.Now().Add(30 * time.Second).UTC().Truncate(time.Second)
	require.NoError(t, os.WriteFile(day, []byte(`apiVersion: chaosctl.dev/v1alpha1
kind: GameDay
metadata: {name: frozen}
spec:
  schedule: "@daily"
  windows:
    exclude: [{from: `+freeze.Format(time.RFC3339)+`, reason: the sale}]
    onEnd: undo
  onFailure: continue
  experiments:
  - {file: corrupt.yaml}
  - {file: corrupt.yaml}
`), 0o644))

	p := start(t, s.cluster, "serve", "--once", "-f", day, "-n", s.namespace)
	assert.Equal(t, report.ExitAborted, p.Exit(t))
	assert.Less(t, time.Since(freeze), time.Minute, "the fault would have lasted 5 minutes")
	r := binary.ResultIn(t, p.Dir(t))
	assert.Equal(t, report.Aborted, r.Verdict)
	assert.Equal(t, report.UndoClean, r.Undo)
	assert.NotEmpty(t, r.Changes, "the fault was there")
	assert.Contains(t, r.Reasons, "the window of game day frozen has ended: it is within a freeze: the sale (windows.onEnd: undo)")
	assertSameContent(t, before, s.configMap(t))
	assert.Empty(t, s.marks(t))

	code, _, stderr := inProcess(t, "serve", "--once", "-f", day, "-n", s.namespace, "--kubeconfig", s.Kubeconfig, "--out", filepath.Join(dir, "none"))
	assert.Equal(t, report.ExitRefused, code)
	assert.Contains(t, stderr, "game day frozen does not run now: it is within a freeze: the sale")
	assert.NoDirExists(t, filepath.Join(dir, "none"))
}
