package outage

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// away is how long the API server does not answer those who run game days; an undo waits for a tenth of it.
var away = flag.Duration("outage.away", 10*time.Second, "how long the API server is away in the middle of game days")

// serve runs an experiment of the scene on every fifth second, and returns when the first run has passed.
func (s *scene) serve(t *testing.T, kubeconfig string, duration time.Duration, flags ...string) *serving {
	t.Helper()
	experiment := s.experiment(t, duration)
	day := filepath.Join(filepath.Dir(experiment), "gameday.yaml")
	require.NoError(t, os.WriteFile(day, []byte(`apiVersion: chaosctl.dev/v1alpha1
kind: GameDay
metadata: {name: often}
spec:
  schedule: "*/5 * * * * *"
  experiments:
  - {file: `+filepath.Base(experiment)+`}
`), 0o644))
	args := append([]string{"-f", day, "--undo-timeout", (*away / 10).String()}, flags...)
	p := &serving{binary.Chaosctl{Kubeconfig: kubeconfig}.Start(t, "serve", args...), s}
	p.SaysTimes(t, nextRun, 2)
	return p
}

// nextRun is said when nothing is under way.
const nextRun = "game day often: next run at"

// serving is a chaosctl that serves the game day of a scene.
type serving struct {
	*binary.Process
	scene *scene
}

// goesOn waits until so many more runs have ended, or were left out.
func (p *serving) goesOn(t *testing.T, runs int) {
	t.Helper()
	p.SaysTimes(t, nextRun, strings.Count(p.Stderr.String(), nextRun)+runs)
}

// results are those of all runs that have one.
func (p *serving) results(t *testing.T) []report.Result {
	t.Helper()
	var all []report.Result
	for _, dir := range p.Dirs(t) {
		if _, err := os.Stat(filepath.Join(dir, "result.json")); err == nil {
			all = append(all, binary.ResultIn(t, dir))
		}
	}
	return all
}

// assertSound wants that no instant was run twice, that a run that began after an instant has passed, and that after the end all is as
// it was.
func (p *serving) assertSound(t *testing.T, after time.Time) {
	t.Helper()
	code, _ := p.Interrupt(t)
	assert.Contains(t, []int{report.ExitPass, report.ExitUndoIncomplete}, code, "verdicts are none of its exit code")
	var began []string
	for line := range strings.Lines(p.Stderr.String()) {
		if _, rest, ok := strings.Cut(line, "game day often: run of "); ok {
			began = append(began, strings.Fields(rest)[0])
		}
	}
	t.Logf("runs: %s", strings.Join(began, " "))
	slices.Sort(began)
	assert.Equal(t, slices.Compact(slices.Clone(began)), began, "none is run twice")
	passed := slices.ContainsFunc(p.results(t), func(r report.Result) bool { return r.StartedAt.After(after) && r.Verdict == report.Pass })
	assert.True(t, passed, "a run that began after %s has passed", after)
	p.scene.assertRestored(t)
}

// TestServeWhenTheAPIServerIsAway proves that runs that are due while nobody answers change nothing, that nothing is run twice for
// that, and that those that are due later pass.
func TestServeWhenTheAPIServerIsAway(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*testing.T, *relay){
		"refused": func(_ *testing.T, r *relay) { r.refuse() },
		"silent":  func(t *testing.T, r *relay) { r.spoil(t, `{"type": "timeout", "stream": "upstream"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, r := newScene(t, 1), newRelay(t)
			p := s.serve(t, r.kubeconfig, time.Second)
			leave(t, r)
			time.Sleep(*away)
			s.assertRestored(t)
			back := time.Now()
			if name == "refused" {
				r.accept(t)
			}
			r.heal(t)
			p.goesOn(t, 2)
			if name == "refused" {
				assert.Contains(t, p.Stdout.String(), "not run")
			}
			p.assertSound(t, back)
		})
	}
}

// TestLeaderLosesTheAPIServer proves that a leader that nobody answers in the middle of a run, for longer than its undo may wait and its
// lead may last, puts back what it has left as soon as it leads again, and goes on.
func TestLeaderLosesTheAPIServer(t *testing.T) {
	t.Parallel()
	s, r := newScene(t, faults), newRelay(t)
	p := s.serve(t, r.kubeconfig, 2*time.Second, "--leader-elect", s.namespace+"/serve")
	p.SaysTimes(t, "proved  patch configmap", 2*faults)
	r.refuse()
	gone := time.Now()
	p.Says(t, "warning: the lead was lost")
	time.Sleep(time.Until(gone.Add(*away)))
	assert.Equal(t, faults, s.broken(t))
	back := time.Now()
	r.accept(t)
	p.SaysTimes(t, "this replica leads", 2)
	p.SaysTimes(t, "restored   ConfigMap", faults)
	p.goesOn(t, 2)
	p.assertSound(t, back)
}

// TestServeFillsItsDisk proves that a disk that is full in the middle of a run keeps nothing from being put back, and is told; that no run
// begins that could not be recorded; and that runs pass again when there is room.
func TestServeFillsItsDisk(t *testing.T) {
	t.Parallel()
	s := newScene(t, faults)
	disk := mountSmall(t)
	p := s.serve(t, shared.Kubeconfig, 2*time.Second)
	p.SaysTimes(t, "proved  patch configmap", 2*faults)
	filler := fill(t, disk)
	p.goesOn(t, 1)
	assert.Contains(t, p.Stderr.String(), "no space left on device")
	s.assertRestored(t)
	p.goesOn(t, 2)
	s.assertRestored(t)
	assert.Contains(t, p.Stdout.String(), "not run")
	torn := p.Dirs(t)[1]

	require.NoError(t, os.Remove(filler))
	room := time.Now()
	p.goesOn(t, 2)
	p.assertSound(t, room)
	reported := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "report", torn)
	assert.NotEqual(t, report.ExitInternal, reported.Exit(t), "what was recorded until then can be read: %s", reported.Stderr)
	assert.FileExists(t, filepath.Join(torn, "report.html"))
}

// TestServeWithoutItsHistory proves that an index of runs that is broken keeps no run from being made, and loses none.
func TestServeWithoutItsHistory(t *testing.T) {
	t.Parallel()
	s := newScene(t, 1)
	p := s.serve(t, shared.Kubeconfig, time.Second)
	index := filepath.Join(p.Out, "history.db")
	require.FileExists(t, index)
	text, err := os.ReadFile(index)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(index, []byte(strings.Repeat("broken", len(text)/6)), 0o644))
	p.Says(t, "hint: nothing is lost; ")
	p.goesOn(t, 1)
	p.assertSound(t, time.Time{})
	assert.NotContains(t, p.Stdout.String(), "not run")

	rebuilt := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "history", "--out", p.Out, "--rebuild", "-o", "json")
	assert.Zero(t, rebuilt.Exit(t), rebuilt.Stderr.String())
	for _, r := range p.results(t) {
		assert.Contains(t, rebuilt.Stdout.String(), r.RunID)
	}
}
