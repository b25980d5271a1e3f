package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/pkg/history"
	"github.com/chaosctl/chaosctl/pkg/trend"
)

// trendOptions are what the flags of trend say.
type trendOptions struct {
	out, since, output string
	last               int
}

func (a *app) trend() *cobra.Command {
	var o trendOptions
	cmd := &cobra.Command{
		Use:   "trend [EXPERIMENT]",
		Short: "Show how availability, outages and recovery went over the runs, and where they changed",
		Long: `trend draws, for each experiment on each workload, the figures of its runs in their order: the availability and the
longest outage of each stream, the slowest recovery, and the phases of that. It marks where a figure changed, got worse or
better, and says what else changed there: the experiment, the version of Kubernetes, the cluster, or chaosctl.

A change is told from chance by a test. Together, all tests of an experiment find one in figures that do not change in
5 % of cases at the most. Of too few runs nothing is said.`,
		Example: `  chaosctl trend
  chaosctl trend pod-kill --since 90d
  chaosctl trend pod-kill -o json`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			return a.showTrend(cmd.Context(), name, o)
		},
	}
	flags := cmd.Flags()
	runsFlag(flags, &o.out)
	flags.StringVar(&o.since, "since", "", "Only runs that started within this `TIME`, such as 12h, 30d or 8w, or since it (UTC), such as 2027-03-01T00:00")
	flags.IntVar(&o.last, "last", 0, "Only the newest runs of each experiment, as a `NUMBER`; all where absent")
	flags.StringVarP(&o.output, "output", "o", "text", "text or json")
	return cmd
}

func (a *app) showTrend(ctx context.Context, name string, o trendOptions) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	if o.last < 0 {
		return usage(fmt.Errorf("--last is %d: expected 1 or more", o.last))
	}
	start, err := since(o.since, time.Now())
	if err != nil {
		return usage(fmt.Errorf("--since: %w", err))
	}
	var runs []history.Run
	err = a.withHistory(ctx, o.out, func(index *history.Index) error {
		if runs, err = index.Runs(ctx, history.Query{Since: start, Experiment: name}); err != nil || len(runs) > 0 {
			return err
		}
		return nameKnown(ctx, index, history.OfExperiment, "experiment", name)
	})
	if err != nil {
		return err
	}
	all := trend.Of(runs, o.last)
	if o.output == "json" {
		return seen(writeJSON(a.Out, struct {
			Items []*trend.Trend `json:"items"`
		}{all}))
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(a.Out, "no run is like that")
		return seen(err)
	}
	on := colours(a.Out)
	return seen(trend.WriteText(a.Out, all, trend.Style{Width: width(a.Out), Paint: func(direction, text string) string {
		return paint(on, map[string]string{trend.Worse: red, trend.Better: green}[direction], text)
	}}))
}
