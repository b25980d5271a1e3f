package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/chaosctl/chaosctl/pkg/monitor"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// server runs game days, each on its own schedule.
type server struct {
	app     *app
	options runOptions
	// state is the directory that remembers what was run last; "" is that of the user.
	state   string
	monitor *monitor.Monitor
	// days are in the order of their files.
	days []*gameDay
}

// newServer loads game days. One that is broken is an error, and so are two of one name.
func (a *app) newServer(names []string, options runOptions, state string) (*server, error) {
	s := &server{app: a, options: options, state: state, monitor: monitor.New()}
	files, err := dayFiles(names)
	if err != nil {
		return nil, err
	}
	named := map[string]*gameDay{}
	for _, file := range files {
		days, err := a.gameDaysIn(file, options)
		if err != nil {
			return nil, err
		}
		for _, day := range days {
			if other := named[day.Metadata.Name]; other != nil {
				return nil, sameName(other, day)
			}
			named[day.Metadata.Name] = day
		}
		s.days = append(s.days, days...)
	}
	if len(s.days) == 0 {
		return nil, usage(fmt.Errorf("there is no GameDay in %s: experiments are run by chaosctl run -f", strings.Join(names, ", ")))
	}
	for _, day := range s.days {
		day.monitor = s.monitor
		// Where there are several, each has an index of its own.
		if len(s.days) > 1 {
			day.index = "index-" + day.Metadata.Name + ".html"
		}
	}
	return s, nil
}

// once runs all game days now, one after the other. Of several, one whose windows are closed keeps none of the others from
// being run, but one that leaves something behind does.
func (s *server) once(ctx context.Context, anyTime, ifOpen bool) error {
	if len(s.days) == 1 {
		err := s.days[0].once(ctx, anyTime)
		if closed := new(closedError); ifOpen && errors.As(err, &closed) {
			fmt.Fprintln(s.app.Err, closed)
			return nil
		}
		return err
	}
	worst := report.ExitPass
	all := make([]outcome, len(s.days))
	for i, day := range s.days {
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

// serveAt serves the monitor at an address beside the game days.
func (s *server) serveAt(ctx context.Context, address string) error {
	ctx, cancel := context.WithCancel(ctx)
	at, done, err := s.monitor.Listen(ctx, address)
	if err != nil {
		cancel()
		return usage(err)
	}
	defer func() { cancel(); <-done }()
	fmt.Fprintf(s.app.Err, "metrics at http://%s/metrics\n", at)
	return s.serve(ctx)
}

// serve runs each game day at each instant of its schedule, until ctx ends or no run is left.
func (s *server) serve(ctx context.Context) error {
	if len(s.days) > 1 {
		out, errs := &oneAtATime{out: s.app.Out}, &oneAtATime{out: s.app.Err}
		for _, day := range s.days {
			day.voice = errs
			day.app = s.app.beside(day.Metadata.Name, out, errs)
		}
	}
	s.monitor.Ready(true)
	defer s.monitor.Ready(false)
	errs := make([]error, len(s.days))
	var all sync.WaitGroup
	for i, day := range s.days {
		all.Go(func() { errs[i] = day.serve(ctx, s.state) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// beside is the app for a game day that runs beside others: its lines say whose they are.
func (a *app) beside(name string, out, errs *oneAtATime) *app {
	own := *a
	own.Out = &lines{to: out, prefix: name + " | "}
	own.Err = &lines{to: errs, prefix: name + " | "}
	return &own
}
