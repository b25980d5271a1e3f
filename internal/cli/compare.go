package cli

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/internal/version"
	"github.com/chaosctl/chaosctl/pkg/compare"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// compareOptions are what the flags of compare say.
type compareOptions struct{ gates, output, html, experiment string }

func (a *app) compare() *cobra.Command {
	var options compareOptions
	cmd := &cobra.Command{
		Use:   "compare BASE HEAD",
		Short: "Compare runs before a change with runs after it, and fail on a regression",
		Long: `compare reads the results of runs: BASE and HEAD are each a result.json, the directory of a run, or a directory with
several runs of one experiment, its repeats. It exits with 1 where a figure got worse beyond its gate and a test over the
repeats tells that from chance, with 2 where the data cannot say, and with 0 otherwise.

A gate is METRIC=CHANGE: how much worse the metric may get. Metrics are recovery, outage, p50, p90, p99 and p999, by a
percentage (+20%) or a time (+500ms), and availability, by percentage points (-0.1pp).`,
		Example: `  chaosctl compare chaosctl-runs/20260102-150405-pod-kill-ab12 chaosctl-runs/20260109-150405-pod-kill-cd34
  chaosctl compare base/ head/ --gate recovery=+20%,availability=-0.1pp,p99=+25%
  chaosctl compare base/ head/ --gate outage=+500ms -o markdown --html comparison.html`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: directories,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.compareRuns(args[0], args[1], options, cmd.Flags().Changed("gate"))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.gates, "gate", compare.DefaultGates, "The `GATES`, apart by commas; none only compares")
	flags.StringVarP(&options.output, "output", "o", "text", "text, json or markdown")
	flags.StringVar(&options.html, "html", "", "Also write the comparison as a page to this `FILE`")
	flags.StringVar(&options.experiment, "experiment", "", "The `NAME` of the experiment, where directories hold runs of several")
	return cmd
}

// directories completes to what is compared.
func directories(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) >= 2 {
		return nil, nothing
	}
	return nil, cobra.ShellCompDirectiveDefault
}

func (a *app) compareRuns(base, head string, options compareOptions, required bool) error {
	gates, err := compare.ParseGates(options.gates)
	if err != nil {
		return usage(err)
	}
	write, err := comparisonWriter(options.output)
	if err != nil {
		return usage(err)
	}
	before, err := compare.Read(base, options.experiment)
	if err != nil {
		return usage(fmt.Errorf("base: %w", err))
	}
	after, err := compare.Read(head, options.experiment)
	if err != nil {
		return usage(fmt.Errorf("head: %w", err))
	}
	c := compare.Compare(before, after, compare.Options{Gates: gates, Required: required})
	if options.html != "" {
		if err := writeFile(options.html, func(w io.Writer) error { return compare.WriteHTML(w, c, version.Version()) }); err != nil {
			return &ExitError{Code: report.ExitInternal, Err: fmt.Errorf("cannot write the page: %w", err), Hint: "see --html"}
		}
	}
	if err := write(a.Out, c); err != nil && !errors.Is(err, syscall.EPIPE) { // a reader that has seen enough changes nothing
		return err
	}
	return exitWith(c.ExitCode)
}

func comparisonWriter(output string) (func(io.Writer, *compare.Comparison) error, error) {
	switch output {
	case "text":
		return compare.WriteText, nil
	case "json":
		return func(w io.Writer, c *compare.Comparison) error { return writeJSON(w, c) }, nil
	case "markdown":
		return compare.WriteMarkdown, nil
	}
	return nil, fmt.Errorf("--output %q is not known: use text, json or markdown", output)
}
