package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/chaosctl/chaosctl/pkg/engine"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/lock"
	"github.com/chaosctl/chaosctl/pkg/monitor"
	"github.com/chaosctl/chaosctl/pkg/notify"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/schedule"
	"github.com/chaosctl/chaosctl/pkg/web"
)

// gameDay is a loaded game day.
type gameDay struct {
	*experiment.GameDay
	app *app
	// voice is told how the game day goes, in lines that name it.
	voice io.Writer
	// file is the path by which it was found, document what was read there.
	file        string
	document    experiment.Document
	experiments []chosen
	table       *schedule.Timetable
	clock       schedule.Clock
	// out is the directory of the reports, index the file in it that leads to them.
	out, index string
	// scheduled says that runs begin by the schedule, and not since somebody asked for one.
	scheduled bool
	// last remembers what was run last.
	last memory
	// monitor is told how things go.
	monitor *monitor.Monitor
	// board is what the page of serve shows.
	board *web.Board
	// post delivers what is told to others; nil where nobody is told.
	post *notify.Post
	// run runs one experiment, as [app.runOne] does.
	run func(ctx context.Context, e chosen) (*report.Result, error)
}

// outcome is what became of one experiment.
type outcome struct {
	name    string
	verdict string
	undo    report.UndoState // "" where nothing was run
	detail  string
	code    int
	// result is nil where nothing was run.
	result *report.Result
}

const notRun = "not run"

// runAll goes through the experiments once, prints a table of verdicts and the one of the day, and gives its exit code.
func (d *gameDay) runAll(ctx context.Context) int {
	var all []outcome
	worst, closed := report.ExitPass, false
	index := d.app.newSuite("game day "+d.Metadata.Name, d.experiments, d.out)
	index.file = d.index
	for i, e := range d.experiments {
		o := outcome{name: e.Metadata.Name, verdict: notRun}
		known := true // by what was told before
		switch reason := d.table.Windows.Closed(d.clock.Now()); {
		case ctx.Err() != nil:
			o.code, o.detail = report.ExitInterrupted, "the game day was interrupted"
		case worst == report.ExitUndoIncomplete:
			o.code, o.detail = worst, "an earlier run has left something behind"
		case worst != report.ExitPass && d.Spec.OnFailure == experiment.Stop:
			o.code, o.detail = worst, "an earlier run did not pass (onFailure: stop)"
		case reason != nil:
			// What was not seen does not pass.
			o.code, o.detail = report.ExitUnknown, "the window has ended: "+reason.Why
			known, closed = closed, true
		default:
			fmt.Fprintf(d.app.Err, "\n=== %s: experiment %d of %d: %s\n", d.Metadata.Name, i+1, len(d.experiments), e.Metadata.Name)
			d.tell(d.of(notify.Started, e))
			o, known = d.one(ctx, e), false
		}
		if !known {
			d.tellOf(e, o)
		}
		if o.result != nil {
			index.ran(i, o.result)
			d.monitor.Ran(d.Metadata.Name, o.result)
		} else {
			index.refused(i, o.code, errors.New(o.detail))
			d.monitor.NotRun(d.Metadata.Name, o.name)
		}
		all = append(all, o)
		worst = worseCode(worst, o.code)
	}
	d.print(all, worst)
	d.tellDay(all, worst)
	index.where()
	d.forget(ctx)
	return worst
}

// one runs one experiment. What keeps it from running is told.
func (d *gameDay) one(outer context.Context, e chosen) outcome {
	ctx, release := d.untilWindowEnds(outer)
	defer release()
	o := outcome{name: e.Metadata.Name, verdict: notRun}
	var result *report.Result
	var err error
	if e.awaits != nil {
		var given answer
		if given, err = d.held(ctx, e); given.refused != "" {
			o.code, o.detail = report.ExitUnknown, given.refused
			return o
		}
		e.approved = given.words
	}
	if err == nil {
		result, err = d.whenFree(ctx, e)
	}
	if err == nil {
		o.verdict, o.undo, o.code, o.result = string(result.Verdict), result.Undo, result.ExitCode, result
		o.detail = filepath.Join(d.out, result.RunID, "report.html")
		return o
	}
	o.code, o.detail = Explain(d.app.Err, err), err.Error()
	d.app.tellActionsError(err)
	var ended *engine.Stop
	switch stopped := errors.Is(err, context.Canceled) || o.code == report.ExitInterrupted; {
	case !stopped:
	case outer.Err() != nil:
		o.code = report.ExitInterrupted
	case errors.As(context.Cause(ctx), &ended):
		o.code, o.detail = report.ExitUnknown, ended.Reason
	}
	return o
}

// askAgain is how often an experiment in the queue asks whether its target is free.
const askAgain = 5 * time.Second

// whenFree runs an experiment. By the schedule, and with concurrency: queue, it first waits for the end of a run that has its
// target, as long as the game day may be late; else that refuses it.
func (d *gameDay) whenFree(ctx context.Context, e chosen) (*report.Result, error) {
	began := d.clock.Now()
	for waits := false; ; waits = true {
		result, err := d.run(ctx, e)
		var taken *lock.Taken
		if !d.scheduled || d.Spec.Concurrency != experiment.Queue || !errors.As(err, &taken) || taken.Released {
			return result, err
		}
		if !waits {
			d.say("%s waits for its target: %v", e.Metadata.Name, taken)
		}
		next := d.clock.Now().Add(askAgain)
		if late := d.Spec.StartingDeadline; late != nil && next.Sub(began) > late.Std() {
			return nil, err
		}
		if reason := d.table.Windows.Closed(next); reason != nil {
			return nil, fmt.Errorf("the window ends while it waits for its target: %w", err)
		}
		if err := d.clock.Wait(ctx, next); err != nil {
			return nil, err
		}
	}
}

// untilWindowEnds gives a context that ends with the window that is open, where the game day wants experiments undone
// then.
func (d *gameDay) untilWindowEnds(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	release := func() { cancel(nil) }
	if d.Spec.Windows == nil || d.Spec.Windows.OnEnd != experiment.Undo {
		return ctx, release
	}
	closes := d.table.Windows.Closes(d.clock.Now())
	if closes.IsZero() {
		return ctx, release
	}
	go func() {
		if d.clock.Wait(ctx, closes) == nil {
			reason := fmt.Sprintf("the window of game day %s has ended", d.Metadata.Name)
			if closed := d.table.Windows.Closed(closes); closed != nil {
				reason += ": " + closed.Why
			}
			cancel(&engine.Stop{Outcome: event.Aborted, Reason: reason + " (windows.onEnd: undo)"})
		}
	}()
	return ctx, release
}

// print writes what became of each experiment, and of the whole.
func (d *gameDay) print(all []outcome, worst int) {
	on := colours(d.app.Out)
	fmt.Fprintf(d.app.Out, "\ngame day %s\n", paint(on, bold, d.Metadata.Name))
	table := tabwriter.NewWriter(d.app.Out, 0, 4, 2, ' ', 0)
	for _, o := range all {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", o.verdict, o.name, strings.ReplaceAll(o.detail, "\n", "; "))
	}
	table.Flush()
	verdict, colour := verdictOf(worst)
	fmt.Fprintf(d.app.Out, "verdict   %s\n", paint(on, colour, fmt.Sprintf("%s: %s", verdict, tally(all, "experiment"))))
	fmt.Fprintf(d.app.Out, "undo      %s\n", undoOf(all))
}

// verdictOf is the verdict of a game day by its worst exit code, and its colour.
func verdictOf(code int) (word, colour string) {
	switch code {
	case report.ExitPass:
		return "pass", green
	case report.ExitFail:
		return "fail", red
	case report.ExitAborted, report.ExitInterrupted:
		return "aborted", yellow
	case report.ExitUndoIncomplete:
		return "fail", red
	case report.ExitInternal:
		return "unknown", red
	}
	return "unknown", yellow
}

// tally counts the outcomes in words: 1 pass, 1 fail and 1 not run, of 3 experiments, or of what else the noun names.
func tally(all []outcome, noun string) string {
	counts := map[string]int{}
	var order []string
	for _, o := range all {
		if counts[o.verdict]++; counts[o.verdict] == 1 {
			order = append(order, o.verdict)
		}
	}
	parts := make([]string, len(order))
	for i, verdict := range order {
		parts[i] = fmt.Sprintf("%d %s", counts[verdict], verdict)
	}
	if len(all) != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%s, of %d %s", strings.Join(parts, ", "), len(all), noun)
}

// undoOf is the worst state of what was undone, and what to do about it.
func undoOf(all []outcome) string {
	worst := report.UndoClean
	for _, o := range all {
		switch {
		case o.undo == report.UndoIncomplete || o.code == report.ExitUndoIncomplete && o.undo != "":
			return "incomplete: run chaosctl recover, see chaosctl status"
		case o.undo == report.UndoDiverged:
			worst = report.UndoDiverged
		}
	}
	if worst == report.UndoDiverged {
		return "diverged: what somebody else changed meanwhile was kept"
	}
	return "clean: nothing is left behind"
}
