package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/schedule"
)

func (a *app) serve() *cobra.Command {
	var file string
	var options runOptions
	var once bool
	cmd := &cobra.Command{
		Use:   "serve -f GAMEDAY",
		Short: "Run the experiments of a game day on its schedule",
		Long: `serve waits for each instant of the game day's schedule and runs its experiments in order, each with a report of its
own. An interrupt undoes what is under way, and leaves.`,
		Example: `  chaosctl serve -f gameday.yaml
  chaosctl serve -f gameday.yaml --once`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			day, err := a.gameDay(file)
			if err != nil {
				return err
			}
			if once {
				return exitWith(day.run(cmd.Context(), options))
			}
			return day.serve(cmd.Context(), schedule.SystemClock{}, options)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "The `FILE` of the game day, or - for standard input")
	a.runFlags(cmd.Flags(), &options)
	cmd.Flags().BoolVar(&once, "once", false, "Run the experiments once, at once, and exit with the worst code")
	if err := cmd.MarkFlagRequired("file"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

// gameDay is a loaded game day with its experiments.
type gameDay struct {
	*experiment.GameDay
	app         *app
	experiments []chosen
}

func (a *app) gameDay(name string) (*gameDay, error) {
	which := selection{files: []string{name}}
	documents, err := which.documents(a)
	if err != nil {
		return nil, err
	}
	if len(documents) != 1 || documents[0].GameDay == nil {
		return nil, usage(fmt.Errorf("%s does not hold one GameDay: experiments are run by chaosctl run -f", name))
	}
	experiments, err := a.members(documents[0])
	if err != nil {
		return nil, err
	}
	return &gameDay{documents[0].GameDay, a, experiments}, nil
}

// members loads the experiments of a game day; files are found relative to its own.
func (a *app) members(d experiment.Document) ([]chosen, error) {
	var all []chosen
	for _, m := range d.GameDay.Spec.Experiments {
		which := selection{}
		var builtins []string
		if m.File != "" {
			which.files = []string{filepath.Join(filepath.Dir(d.File), m.File)}
		} else {
			builtins = []string{m.Builtin}
		}
		loaded, err := which.load(a, builtins)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.File, err)
		}
		for _, c := range loaded {
			if m.Target != nil {
				c.Spec.Target = *m.Target
				if err := experiment.Validate(c.Experiment); err != nil {
					return nil, fmt.Errorf("%s, with the target of %s: %w", c.Source, d.File, err)
				}
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// serve runs the game day at each instant of its schedule until ctx ends.
func (d *gameDay) serve(ctx context.Context, clock schedule.Clock, options runOptions) error {
	s, err := schedule.Parse(d.Spec.Schedule, d.Spec.TimeZone)
	if err != nil {
		return usage(err)
	}
	say := func(format string, args ...any) { fmt.Fprintf(d.app.Err, format+"\n", args...) }
	worst := report.ExitPass
	schedule.Loop(ctx, clock, s,
		func(next time.Time) {
			say("game day %s: next run at %s", d.Metadata.Name, next.Format(time.RFC3339))
		},
		func(at time.Time) {
			say("game day %s: the run of %s was missed, since another was under way", d.Metadata.Name, at.Format(time.RFC3339))
		},
		func(ctx context.Context, at time.Time) {
			say("game day %s: run of %s begins %s late", d.Metadata.Name, at.Format(time.RFC3339), clock.Now().Sub(at).Round(time.Millisecond))
			worst = worseCode(worst, d.run(ctx, options))
		})
	if worst == report.ExitUndoIncomplete {
		return exitWith(worst)
	}
	return nil
}

// row is a line of the table at the end of a game day.
type row struct{ name, verdict, detail string }

// run goes through the experiments once, prints a table of verdicts, and gives the worst exit code.
func (d *gameDay) run(ctx context.Context, options runOptions) int {
	var rows []row
	worst := report.ExitPass
	for i, e := range d.experiments {
		if ctx.Err() != nil || worst != report.ExitPass && d.Spec.OnFailure == experiment.Stop {
			rows = append(rows, row{e.Metadata.Name, "not run", "an earlier run did not pass (onFailure: stop)"})
			continue
		}
		fmt.Fprintf(d.app.Err, "\n=== %s: experiment %d of %d: %s\n", d.Metadata.Name, i+1, len(d.experiments), e.Metadata.Name)
		r, code := d.one(ctx, e, options)
		rows = append(rows, r)
		worst = worseCode(worst, code)
	}
	d.table(rows)
	return worst
}

func (d *gameDay) one(ctx context.Context, e chosen, options runOptions) (row, int) {
	c, err := d.app.connect()
	if err == nil {
		var result *report.Result
		if result, err = d.app.runOne(ctx, c, e, options); err == nil {
			return row{e.Metadata.Name, string(result.Verdict), filepath.Join(options.out, result.RunID, "report.html")}, result.ExitCode
		}
	}
	code := Explain(d.app.Err, err)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		code = report.ExitInterrupted
	}
	return row{e.Metadata.Name, "not run", err.Error()}, code
}

func (d *gameDay) table(rows []row) {
	colour := colours(d.app.Out)
	fmt.Fprintf(d.app.Out, "\ngame day %s\n", paint(colour, bold, d.Metadata.Name))
	table := tabwriter.NewWriter(d.app.Out, 0, 4, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", r.verdict, r.name, r.detail)
	}
	table.Flush()
}
