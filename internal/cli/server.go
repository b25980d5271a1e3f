package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// server runs game days, each on its own schedule.
type server struct {
	app *app
	set *daySet
	// every is how often files are looked at.
	every time.Duration
	// loops are those of the game days in force, and of those whose last run is still under way, by their names.
	loops map[string]*dayLoop
	// rested is sent to when a loop has nothing left to run.
	rested chan struct{}
	// worst is the worst exit code of loops that have ended.
	worst int
}

// newServer loads the game days of files and directories; see [app.newDaySet].
func (a *app) newServer(sources []string, options serveOptions) (*server, error) {
	set, err := a.newDaySet(sources, options)
	if err != nil {
		return nil, err
	}
	return &server{app: a, set: set, every: lookEvery, loops: map[string]*dayLoop{}, rested: make(chan struct{}, 1)}, nil
}

// once runs all game days now, one after the other. Of several, one whose windows are closed keeps none of the others from
// being run, but one that leaves something behind does.
func (s *server) once(ctx context.Context, anyTime, ifOpen bool) error {
	days := s.set.days()
	if !s.set.several {
		err := days[0].once(ctx, anyTime)
		if closed := new(closedError); ifOpen && errors.As(err, &closed) {
			fmt.Fprintln(s.app.Err, closed)
			return nil
		}
		return err
	}
	worst := report.ExitPass
	all := make([]outcome, len(days))
	for i, day := range days {
		o := outcome{name: day.Metadata.Name, verdict: notRun}
		switch {
		case ctx.Err() != nil:
			o.code, o.detail = report.ExitInterrupted, "interrupted"
		case worst == report.ExitUndoIncomplete:
			o.code, o.detail = worst, "an earlier run has left something behind"
		default:
			o = s.onceOf(ctx, day, anyTime, ifOpen)
		}
		worst = worseCode(worst, o.code)
		all[i] = o
	}
	on := colours(s.app.Out)
	fmt.Fprintf(s.app.Out, "\n%s\n", paint(on, bold, "game days"))
	table := tabwriter.NewWriter(s.app.Out, 0, 4, 2, ' ', 0)
	for _, o := range all {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", o.verdict, o.name, o.detail)
	}
	table.Flush()
	verdict, colour := verdictOf(worst)
	fmt.Fprintf(s.app.Out, "verdict   %s\n", paint(on, colour, fmt.Sprintf("%s: %s", verdict, tally(all, "game day"))))
	return exitWith(worst)
}

// onceOf is what comes of one of several game days.
func (s *server) onceOf(ctx context.Context, day *gameDay, anyTime, ifOpen bool) outcome {
	o := outcome{name: day.Metadata.Name, detail: filepath.Join(day.out, day.index)}
	err := day.once(ctx, anyTime)
	closed, exit := new(closedError), new(ExitError)
	switch {
	case errors.As(err, &closed):
		o.verdict, o.detail = notRun, closed.why
		if !ifOpen {
			o.code = Explain(s.app.Err, err)
			s.app.tellActionsError(err)
		}
		return o
	case errors.As(err, &exit):
		o.code = exit.Code
	}
	o.verdict, _ = verdictOf(o.code)
	return o
}

// serve runs game days until ctx ends, or no run is left and none can come.
func (s *server) serve(ctx context.Context) error {
	looks := time.NewTicker(s.every)
	defer looks.Stop()
	run := s.lead
	if s.set.options.election != nil {
		run = s.serveElected
	}
	err := run(ctx, looks.C)
	if err == nil && s.worst == report.ExitUndoIncomplete {
		return exitWith(s.worst)
	}
	return err
}

// lead runs each game day at each instant of its schedule, and goes by what becomes of the files at each look, until ctx ends, and
// what is under way is undone. It ends by itself where no run is left, and none can come.
func (s *server) lead(ctx context.Context, looks <-chan time.Time) error {
	s.keep(ctx, false)
	s.set.monitor.Ready(true)
	s.leads(true)
	for ctx.Err() == nil && !s.over() {
		select {
		case <-ctx.Done():
		case <-s.rested:
		case <-looks:
			s.set.look()
			s.keep(ctx, true)
		}
	}
	s.set.monitor.Ready(false)
	s.leads(false)
	for name, loop := range s.loops {
		loop.change(nil)
		<-loop.done
		s.ended(name)
	}
	return nil
}

// leads tells all who ask whether this replica runs the game days.
func (s *server) leads(is bool) {
	s.set.monitor.Leads(is)
	s.set.board.Leads(is)
}

// keep has a loop for each game day in force, and ends others after the run that is under way. It says so of those that come later.
func (s *server) keep(ctx context.Context, later bool) {
	days := s.set.days()
	for name, loop := range s.loops {
		select {
		case <-loop.done: // as it was told before
			s.ended(name)
			continue
		default:
		}
		i := slices.IndexFunc(days, func(d *gameDay) bool { return d.Metadata.Name == name })
		switch {
		case i < 0 && !loop.ending:
			loop.latest.say("it is not there any more: no other run of it begins")
			loop.change(nil)
		case i >= 0 && (loop.ending || days[i] != loop.latest):
			days[i].say("it has changed, or a file that it names: that is in force from the next run on")
			loop.change(days[i])
		}
	}
	for _, day := range days {
		if s.loops[day.Metadata.Name] != nil {
			continue
		}
		if later {
			day.say("it is there now, in %s", day.file)
		}
		loop := newDayLoop(day, s.rest)
		s.loops[day.Metadata.Name] = loop
		go loop.serve(ctx)
	}
}

// ended forgets a loop that has ended, but for what came of it.
func (s *server) ended(name string) {
	s.worst = worseCode(s.worst, s.loops[name].worst)
	delete(s.loops, name)
}

// rest is told that a loop has nothing left to run.
func (s *server) rest() {
	select {
	case s.rested <- struct{}{}:
	default: // it is known that one has
	}
}

// over says that nothing is left to run, and that nothing can come.
func (s *server) over() bool {
	for _, loop := range s.loops {
		if !loop.over.Load() {
			return false
		}
	}
	return !s.set.mayGrow()
}
