package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/engine"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/schedule"
)

// handClock is a clock that a test sets by hand, and that jumps to what is waited for in the foreground.
type handClock struct{ now time.Time }

func (c *handClock) Now() time.Time { return c.now }

func (c *handClock) Wait(ctx context.Context, until time.Time) error {
	if ctx.Err() == nil {
		c.now = until
	}
	return ctx.Err()
}

// ran is what a run of an experiment comes to, and how long it takes.
type ran struct {
	code int
	took time.Duration
	err  error
}

// results are a result for each exit code of a run that had one.
func results() map[int]*report.Result {
	return map[int]*report.Result{
		report.ExitPass:           {Verdict: report.Pass, Undo: report.UndoClean},
		report.ExitFail:           {Verdict: report.Fail, Undo: report.UndoDiverged},
		report.ExitUnknown:        {Verdict: report.Unknown, Undo: report.UndoClean},
		report.ExitUndoIncomplete: {Verdict: report.Pass, Undo: report.UndoIncomplete},
		report.ExitAborted:        {Verdict: report.Aborted, Undo: report.UndoClean},
		report.ExitInterrupted:    {Verdict: report.Aborted, Undo: report.UndoClean},
	}
}

// aDay is a game day with a number of experiments, whose runs come to what is given one after another, and what it
// writes.
func aDay(t *testing.T, spec string, experiments int, came ...ran) (day *gameDay, clock *handClock, out, errs *bytes.Buffer) {
	t.Helper()
	members := strings.Repeat("  - {builtin: pod-kill}\n", experiments)
	text := "apiVersion: chaosctl.dev/v1alpha1\nkind: GameDay\nmetadata: {name: d}\nspec:\n" + spec + "  experiments:\n" + members
	path := filepath.Join(t.TempDir(), "day.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	out, errs = &bytes.Buffer{}, &bytes.Buffer{}
	a := &app{Streams: Streams{Out: out, Err: errs}, kube: newKubeFlags()}
	days, err := a.gameDaysIn(dayFile{path: path}, runOptions{out: filepath.Join(t.TempDir(), "runs")})
	require.NoError(t, err)
	require.Len(t, days, 1)
	day = days[0]
	clock = &handClock{time.Date(2026, 11, 24, 9, 10, 0, 0, time.UTC)} // a Tuesday
	day.clock = clock
	for i := range day.experiments {
		day.experiments[i].Metadata.Name = fmt.Sprintf("e%d", i+1)
	}
	day.run = func(context.Context, chosen) (*report.Result, error) {
		require.NotEmpty(t, came, "nothing more was to be run")
		next := came[0]
		came = came[1:]
		clock.now = clock.now.Add(next.took)
		if next.err != nil {
			return nil, next.err
		}
		r := *results()[next.code]
		r.RunID, r.ExitCode = "r", next.code
		return &r, nil
	}
	t.Cleanup(func() {
		if !t.Failed() {
			assert.Empty(t, came, "all was to be run that was foreseen")
		}
	})
	return day, clock, out, errs
}

const daily = "  schedule: \"0 10 * * *\"\n"

// verdicts are the first words of the table's rows, and the last two lines.
func verdicts(out string) (rows []string, verdict, undo string) {
	for line := range strings.Lines(out) {
		switch fields := strings.Fields(line); {
		case strings.HasPrefix(line, "  "):
			rows = append(rows, strings.TrimSpace(strings.SplitN(strings.TrimSpace(line), "  ", 2)[0]))
		case strings.HasPrefix(line, "verdict"):
			verdict = strings.Join(fields[1:], " ")
		case strings.HasPrefix(line, "undo"):
			undo = fields[1]
		}
	}
	return rows, verdict, undo
}

// TestOrderAndVerdict holds what follows from an experiment for those after it, and for the day.
func TestOrderAndVerdict(t *testing.T) {
	refused := &ExitError{Code: report.ExitRefused, Err: errors.New("too many pods")}
	const goOn = daily + "  onFailure: continue\n"
	for name, c := range map[string]struct {
		spec    string
		came    []ran
		members int
		rows    []string
		code    int
		verdict string
		undo    string
	}{
		"all pass": {daily, []ran{{}, {}}, 2, []string{"pass", "pass"}, report.ExitPass, "pass: 2 pass, of 2 experiments", "clean:"},
		"stop": {
			daily, []ran{{}, {code: report.ExitFail}}, 4, []string{"pass", "fail", "not run", "not run"},
			report.ExitFail, "fail: 1 pass, 1 fail, 2 not run, of 4 experiments", "diverged:",
		},
		"continue": {
			goOn, []ran{{code: report.ExitFail}, {code: report.ExitUnknown}, {}}, 3, []string{"fail", "unknown", "pass"},
			report.ExitFail, "fail: 1 fail, 1 unknown, 1 pass, of 3 experiments", "diverged:",
		},
		"unknown stops too": {
			daily, []ran{{code: report.ExitUnknown}}, 2, []string{"unknown", "not run"}, report.ExitUnknown, "unknown: 1 unknown, 1 not run, of 2 experiments", "clean:",
		},
		"refused": {
			goOn, []ran{{err: refused}, {}}, 2, []string{"not run", "pass"}, report.ExitRefused, "unknown: 1 not run, 1 pass, of 2 experiments", "clean:",
		},
		"what is left behind ends the day, whatever it says": {
			goOn, []ran{{code: report.ExitUndoIncomplete}}, 2, []string{"pass", "not run"}, report.ExitUndoIncomplete, "fail: 1 pass, 1 not run, of 2 experiments", "incomplete:",
		},
		"an abort does not, where it says so": {
			goOn, []ran{{code: report.ExitAborted}, {}}, 2, []string{"aborted", "pass"}, report.ExitAborted, "aborted: 1 aborted, 1 pass, of 2 experiments", "clean:",
		},
		"one alone": {daily, []ran{{}}, 1, []string{"pass"}, report.ExitPass, "pass: 1 pass, of 1 experiment", "clean:"},
	} {
		t.Run(name, func(t *testing.T) {
			day, _, out, _ := aDay(t, c.spec, c.members, c.came...)
			assert.Equal(t, c.code, day.runAll(t.Context()))
			rows, verdict, undo := verdicts(out.String())
			assert.Equal(t, c.rows, rows, out.String())
			assert.Equal(t, c.verdict, verdict)
			assert.Equal(t, c.undo, undo)
		})
	}
}

// TestInterruptBetweenExperiments: a day that was interrupted does not pass, even if all that was run did.
func TestInterruptBetweenExperiments(t *testing.T) {
	day, _, out, _ := aDay(t, daily+"  onFailure: continue\n", 3, ran{})
	ctx, cancel := context.WithCancel(t.Context())
	inner := day.run
	day.run = func(ctx context.Context, e chosen) (*report.Result, error) {
		defer cancel()
		return inner(ctx, e)
	}
	assert.Equal(t, report.ExitInterrupted, day.runAll(ctx))
	rows, verdict, _ := verdicts(out.String())
	assert.Equal(t, []string{"pass", "not run", "not run"}, rows)
	assert.Equal(t, "aborted: 1 pass, 2 not run, of 3 experiments", verdict)
}

const untilTen = daily + "  windows: {allow: [{hours: 09:00-10:30}]}\n"

// TestWindowEndsWithinADay: no experiment begins any more, and the day does not pass.
func TestWindowEndsWithinADay(t *testing.T) {
	day, _, out, _ := aDay(t, untilTen, 3, ran{took: time.Hour}, ran{took: time.Hour})
	assert.Equal(t, report.ExitUnknown, day.runAll(t.Context()))
	rows, verdict, _ := verdicts(out.String())
	assert.Equal(t, []string{"pass", "pass", "not run"}, rows)
	assert.Equal(t, "unknown: 2 pass, 1 not run, of 3 experiments", verdict)
	assert.Contains(t, out.String(), "the window has ended: it is outside of 09:00-10:30")
}

// waiter is a clock whose waiting goroutines are let go by the test.
type waiter struct {
	handClock
	waited chan time.Time
	let    chan struct{}
}

func (c *waiter) Wait(ctx context.Context, until time.Time) error {
	c.waited <- until
	select {
	case <-c.let:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestWindowEndUndoes: a run under way gets the reason as the cause of its context's end, and is undone by that.
func TestWindowEndUndoes(t *testing.T) {
	for name, c := range map[string]struct {
		onEnd string
		// began says whether the experiment has begun by the end of the window.
		began bool
		rows  []string
		code  int
	}{
		"finish":           {"finish", true, []string{"pass", "pass"}, report.ExitPass},
		"undo":             {"undo", true, []string{"aborted", "not run"}, report.ExitAborted},
		"undo of the plan": {"undo", false, []string{"not run", "not run"}, report.ExitUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			day, hand, out, errs := aDay(t, strings.Replace(untilTen, "]}\n", "], onEnd: "+c.onEnd+"}\n", 1), 2)
			clock := &waiter{handClock{hand.now}, make(chan time.Time, 2), make(chan struct{})}
			day.clock = clock
			day.run = func(ctx context.Context, _ chosen) (*report.Result, error) {
				if c.onEnd == "finish" {
					return &report.Result{Verdict: report.Pass, Undo: report.UndoClean}, nil
				}
				assert.Equal(t, "10:30", (<-clock.waited).Format("15:04"))
				close(clock.let)
				<-ctx.Done()
				var stop *engine.Stop
				require.ErrorAs(t, context.Cause(ctx), &stop)
				assert.Equal(t, event.Aborted, stop.Outcome)
				assert.Equal(t, "the window of game day d has ended: it is outside of 09:00-10:30 (windows.onEnd: undo)", stop.Reason)
				if !c.began {
					return nil, fmt.Errorf("reading pods: %w", ctx.Err())
				}
				return &report.Result{Verdict: report.Aborted, Undo: report.UndoClean, ExitCode: report.ExitAborted}, nil
			}
			assert.Equal(t, c.code, day.runAll(t.Context()))
			rows, _, _ := verdicts(out.String())
			assert.Equal(t, c.rows, rows, out.String()+errs.String())
		})
	}
}

func TestOnceOutsideOfItsWindows(t *testing.T) {
	day, clock, out, errs := aDay(t, untilTen, 1, ran{})
	clock.now = clock.now.Add(4 * time.Hour)
	err := day.once(t.Context(), false)
	assert.Equal(t, report.ExitRefused, Explain(errs, err))
	assert.Contains(t, errs.String(), "game day d does not run now: it is outside of 09:00-10:30")
	assert.Contains(t, errs.String(), "the windows open at 2026-11-25T09:00:00Z")
	assert.Empty(t, out.String())
	assert.NoError(t, day.once(t.Context(), true))
}

func TestOnceOfASuspendedDay(t *testing.T) {
	day, _, _, _ := aDay(t, daily+"  suspend: true\n", 1, ran{})
	assert.NoError(t, day.once(t.Context(), false), "a person asks for it")
}

// serveAlone serves a game day without looking at its file.
func serveAlone(ctx context.Context, t *testing.T, day *gameDay, state string) error {
	t.Helper()
	var err error
	day.last, err = newLastRun(state, day.file, day.GameDay)
	require.NoError(t, err)
	loop := &dayLoop{day: day}
	loop.serve(ctx)
	return loop.err()
}

// said are the lines of standard error that the game day says by itself.
func said(errs string) (lines []string) {
	for line := range strings.Lines(errs) {
		if rest, ok := strings.CutPrefix(line, "game day d: "); ok {
			lines = append(lines, strings.TrimSpace(rest))
		}
	}
	return lines
}

// TestServe goes through some days: a run that lasts over the next is missed, and one outside of the windows is not run.
func TestServe(t *testing.T) {
	day, _, out, errs := aDay(t, "  schedule: \"0 10 * * *\"\n  windows: {exclude: [{dates: 2026-11-25}]}\n", 1, ran{took: time.Minute}, ran{took: 25 * time.Hour}, ran{code: report.ExitFail})
	ctx, cancel := context.WithCancel(t.Context())
	inner, runs := day.run, 0
	day.run = func(ctx context.Context, e chosen) (*report.Result, error) {
		if runs++; runs == 3 {
			defer cancel()
		}
		return inner(ctx, e)
	}
	require.NoError(t, serveAlone(ctx, t, day, ""))
	assert.Equal(t, []string{
		"next run at 2026-11-24T10:00:00Z",
		"run of 2026-11-24T10:00:00Z begins 0s late",
		"next run at 2026-11-26T10:00:00Z",
		"run of 2026-11-26T10:00:00Z begins 0s late",
		"the run of 2026-11-27T10:00:00Z was missed: another was under way",
		"next run at 2026-11-28T10:00:00Z",
		"run of 2026-11-28T10:00:00Z begins 0s late",
	}, said(errs.String()))
	assert.Equal(t, 3, strings.Count(out.String(), "\ngame day d\n"))
}

// TestServeQueues: a run that had to wait does not begin outside of the windows.
func TestServeQueues(t *testing.T) {
	day, clock, _, errs := aDay(t, "  schedule: \"0 10,11 * * *\"\n  concurrency: queue\n  windows: {allow: [{hours: 09:00-12:00}]}\n", 1, ran{took: 90 * time.Minute}, ran{took: 30 * time.Minute}, ran{took: 150 * time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	day.clock = &until{clock, time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC), cancel}
	require.NoError(t, serveAlone(ctx, t, day, ""))
	assert.Equal(t, []string{
		"next run at 2026-11-24T10:00:00Z",
		"run of 2026-11-24T10:00:00Z begins 0s late",
		"run of 2026-11-24T11:00:00Z begins 30m0s late",
		"next run at 2026-11-25T10:00:00Z",
		"run of 2026-11-25T10:00:00Z begins 0s late",
		"the run of 2026-11-25T11:00:00Z is left out: it is outside of 09:00-12:00",
		"next run at 2026-11-26T10:00:00Z",
	}, said(errs.String()))
}

// until is a clock that ends the program at an instant.
type until struct {
	schedule.Clock
	end    time.Time
	cancel func()
}

func (c *until) Wait(ctx context.Context, at time.Time) error {
	if at.After(c.end) {
		c.cancel()
	}
	return c.Clock.Wait(ctx, at)
}

// TestServeAgain: what was run last is remembered, so that it is not run again, and what was missed is made up for.
func TestServeAgain(t *testing.T) {
	state := t.TempDir()
	day, clock, _, errs := aDay(t, "  schedule: \"0 * * * *\"\n  startingDeadline: 45m\n", 1, ran{}, ran{})
	serve := func(from, end string) []string {
		t.Helper()
		errs.Reset()
		at := func(clock string) time.Time {
			t.Helper()
			parsed, err := time.Parse("2006-01-02 15:04", "2026-11-24 "+clock)
			require.NoError(t, err)
			return parsed
		}
		clock.now = at(from)
		ctx, cancel := context.WithCancel(t.Context())
		day.clock = &until{clock, at(end), cancel}
		require.NoError(t, serveAlone(ctx, t, day, state))
		return said(errs.String())
	}
	assert.Equal(t, []string{"next run at 2026-11-24T10:00:00Z", "run of 2026-11-24T10:00:00Z begins 0s late", "next run at 2026-11-24T11:00:00Z"}, serve("09:10", "10:30"))
	assert.Equal(t, []string{"next run at 2026-11-24T11:00:00Z"}, serve("10:01", "10:30"), "it was run")
	assert.Equal(t, []string{"next run at 2026-11-24T11:00:00Z"}, serve("09:50", "10:30"), "the clock was set back")
	assert.Equal(t, []string{
		"2 runs from 2026-11-24T11:00:00Z to 2026-11-24T12:00:00Z were missed: " + string(schedule.Late),
		"run of 2026-11-24T13:00:00Z begins 40m0s late", "next run at 2026-11-24T14:00:00Z",
	}, serve("13:40", "13:50"))
	assert.Equal(t, []string{"next run at 2026-11-24T14:00:00Z"}, serve("13:41", "13:50"))

	day.Spec.Schedule = "30 * * * *"
	day.table = mustTable(t, day.GameDay)
	assert.Equal(t, []string{"next run at 2026-11-24T15:30:00Z"}, serve("14:40", "15:00"), "another schedule has nothing to make up for")

	kept, err := filepath.Glob(filepath.Join(state, "*"))
	require.NoError(t, err)
	require.Len(t, kept, 1)
	require.NoError(t, os.WriteFile(kept[0], []byte("{"), 0o600))
	lines := serve("14:40", "15:00")
	assert.Contains(t, lines[0], "warning: what was run last cannot be told ("+kept[0]+" is broken")
	assert.Equal(t, "next run at 2026-11-24T15:30:00Z", lines[1])
}

func mustTable(t *testing.T, day *experiment.GameDay) *schedule.Timetable {
	t.Helper()
	table, err := day.Timetable(nil)
	require.NoError(t, err)
	return table
}

// TestServeWithoutRuns: what has nothing to run says so; a suspended day is still there when it is looked for.
func TestServeWithoutRuns(t *testing.T) {
	day, _, _, errs := aDay(t, "  at: 2026-11-24T08:00\n", 1)
	require.NoError(t, serveAlone(t.Context(), t, day, ""))
	assert.Equal(t, []string{"no run is left: its schedule is over, or its windows stay closed"}, said(errs.String()))

	day, _, _, errs = aDay(t, daily+"  suspend: true\n", 1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.NoError(t, serveAlone(ctx, t, day, ""))
	assert.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
	assert.Equal(t, []string{"it is suspended: nothing runs"}, said(errs.String()))
}
