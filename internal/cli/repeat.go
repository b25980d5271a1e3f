package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// mostRepeats bounds what an index page lists.
const mostRepeats = 300

func (o *runOptions) registerRepeat(flags *pflag.FlagSet) {
	flags.IntVar(&o.repeat, "repeat", 1, "How often to run each experiment, as a `NUMBER`")
	flags.IntVar(&o.require, "require", 0, "How many runs of each must pass, as a `NUMBER`; all of --repeat where absent")
}

func (o *runOptions) checkRepeat() error {
	if o.repeat < 1 || o.repeat > mostRepeats {
		return usage(fmt.Errorf("--repeat is %d: expected 1 to %d", o.repeat, mostRepeats))
	}
	if o.require < 0 || o.require > o.repeat {
		return usage(fmt.Errorf("--require is %d: expected 1 to %d, as often as --repeat runs an experiment", o.require, o.repeat))
	}
	if o.require == 0 {
		o.require = o.repeat
	}
	return nil
}

// repeated lists each experiment as often as it is run.
func repeated(all []chosen, times int) []chosen {
	var list []chosen
	for _, e := range all {
		list = append(list, slices.Repeat([]chosen{e}, times)...)
	}
	return list
}

// series are the runs of one command, in their order.
type series struct {
	app     *app
	cluster *cluster.Cluster
	options runOptions
	// index is nil where there is one run only; next is the number of the next one.
	index *suite
	next  int
}

// run runs one experiment as often as is wanted, and says what that comes to. No other may be run after one that ends the
// series.
func (s *series) run(ctx context.Context, e chosen) (code int, end bool) {
	all := &report.Repeats{Experiment: e.Metadata.Name, Wanted: s.options.repeat, Required: s.options.require}
	worst := report.ExitPass
	for range s.options.repeat {
		var result *report.Result
		result, code, end = s.once(ctx, e)
		all.Add(result)
		worst = worseCode(worst, code)
		if end || code == report.ExitUndoIncomplete {
			break
		}
	}
	s.next += s.options.repeat - all.Runs
	if s.options.repeat > 1 {
		for i, line := range all.Words() {
			name := e.Metadata.Name + ": "
			if i > 0 {
				name = "  "
			}
			fmt.Fprintln(s.app.Out, name+line)
		}
	}
	// What somebody must act on is not made good by other runs.
	if all.Met() && !slices.Contains([]int{report.ExitUndoIncomplete, report.ExitInternal, report.ExitInterrupted}, worst) {
		return report.ExitPass, end
	}
	return worst, end
}

// once runs it one time. The result is nil where that did not begin, which has been told.
func (s *series) once(ctx context.Context, e chosen) (result *report.Result, code int, end bool) {
	i := s.next
	s.next++
	result, err := s.app.runOne(ctx, s.cluster, e, s.options)
	if err != nil {
		// What the runs before came to is not lost with this one.
		code = Explain(s.app.Err, err)
		s.app.tellActionsError(err)
		if s.index != nil {
			s.index.refused(i, code, err)
		}
		return nil, code, ctx.Err() != nil || !othersMayRun(err, code)
	}
	if s.index != nil {
		s.index.ran(i, result)
	}
	return result, result.ExitCode, ctx.Err() != nil
}

// othersMayRun says that what keeps an experiment from being run is its own, not that the cluster cannot be reached.
func othersMayRun(err error, code int) bool {
	var connection *cluster.ConnectionError
	return (code == report.ExitRefused || code == report.ExitInvalid) && !errors.As(err, &connection)
}
