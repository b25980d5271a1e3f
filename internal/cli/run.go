package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/chaosctl/chaosctl/internal/version"
	"github.com/chaosctl/chaosctl/pkg/report"
)

func (a *app) run() *cobra.Command {
	var which selection
	var options runOptions
	cmd := &cobra.Command{
		Use:   "run [BUILTIN…] [-f FILE…]",
		Short: "Run experiments: break, measure, judge, put back, report",
		Example: `  chaosctl run -f experiment.yaml
  chaosctl run pod-kill --target deployment/web -n shop
  chaosctl run pod-kill --target deployment/web -n shop --url https://shop.example/
  chaosctl run -f experiment.yaml --repeat 5 --require 4`,
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := which.load(a, args)
			if err != nil {
				return err
			}
			if err := options.checkRepeat(); err != nil {
				return err
			}
			return a.runAll(cmd.Context(), all, options, len(all) > 1 || which.directory())
		},
	}
	which.register(cmd.Flags())
	a.runFlags(cmd.Flags(), &options)
	options.registerRepeat(cmd.Flags())
	return cmd
}

// runFlags are those of all commands that run experiments.
func (a *app) runFlags(flags *pflag.FlagSet, options *runOptions) {
	flags.StringVar(&options.out, "out", "chaosctl-runs", "The `DIR` that gets one directory for each run")
	a.undoTimeoutFlag(flags)
	flags.BoolVar(&options.deadMan, "dead-man", false, "Make a Job in the cluster that puts everything back if this process dies")
	flags.StringVar(&options.dead.Image, "dead-man-image", version.Image(), "The `IMAGE` of that Job, with chaosctl as its entrypoint")
	flags.StringVar(&options.dead.ServiceAccount, "dead-man-service-account", "chaosctl", "The ServiceAccount of that Job, in the target's namespace, as `chaosctl rbac` makes it")
	flags.BoolVar(&options.recoverFirst, "recover-first", false, "Put back what earlier runs have left on the target, then run")
}

// runAll runs experiments one after another, each as often as is wanted. The exit code is that of the worst. One that is refused
// has changed nothing, and keeps none of the others from being run. A suite gets an index of its runs.
func (a *app) runAll(ctx context.Context, all []chosen, options runOptions, isSuite bool) error {
	a.runs = options.out
	c, err := a.connect()
	if err != nil {
		return err
	}
	s := &series{app: a, cluster: c, options: options}
	if isSuite || options.repeat > 1 {
		s.index = a.newSuite("", repeated(all, options.repeat), options.out)
		defer s.index.where()
	}
	worst := report.ExitPass
	for _, e := range all {
		code, end := s.run(ctx, e)
		worst = worseCode(worst, code)
		if end {
			break
		}
	}
	return exitWith(worst)
}

// errVerdict stands in for a verdict that was printed.
var errVerdict = errors.New("the verdict is not a pass")

// byWeight orders the exit codes of runs: what somebody must act on comes last.
var byWeight = []int{
	report.ExitPass, report.ExitInvalid, report.ExitRefused, report.ExitUnknown, report.ExitFail, report.ExitAborted, report.ExitInterrupted,
	report.ExitInternal, report.ExitUndoIncomplete,
}

func worseCode(a, b int) int {
	if slices.Index(byWeight, b) > slices.Index(byWeight, a) {
		return b
	}
	return a
}

// exitWith is an error for a code whose reason has been told.
func exitWith(code int) error {
	if code == report.ExitPass {
		return nil
	}
	return &ExitError{Code: code, Err: errVerdict, Shown: true}
}
