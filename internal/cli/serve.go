package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/report"
)

func (a *app) serve() *cobra.Command {
	var files []string
	var lease string
	var listen listenOptions
	var options serveOptions
	var once, anyTime, ifOpen bool
	cmd := &cobra.Command{
		Use:   "serve -f GAMEDAY…",
		Short: "Run the experiments of game days on their schedules",
		Long: `serve waits for each instant of a game day's schedule and runs its experiments in order, each with a report of its
own. An interrupt undoes what is under way, and leaves.

Several game days, in several files or in a directory, run each on its own schedule. Those whose experiments have one target are
kept apart by the lock of that: the later one is refused, or waits where it has concurrency: queue.

Files are looked at again and again. A game day that is new, has changed, or is gone is so from the next run on; of a file that is
broken, what was in force before stays so.

Of several replicas with --leader-elect one runs the game days. When it is lost, another first puts back what that has left, and
then goes on with the schedule: it runs nothing twice.

Of a game day with a startingDeadline, what was run last is remembered: started again, serve makes up for a run that was
missed in between, if it is not too late for it.`,
		Example: `  chaosctl serve -f gameday.yaml
  chaosctl serve -f gamedays/ -f more/shop.yaml
  chaosctl serve -f gameday.yaml --once
  chaosctl serve -f gamedays/ --leader-elect chaos/chaosctl-serve --listen :9180`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if anyTime && !once {
				return usage(errors.New("--ignore-windows goes with --once: what is scheduled keeps to the windows"))
			}
			if ifOpen && (!once || anyTime) {
				return usage(errors.New("--if-open goes with --once, and not with --ignore-windows"))
			}
			if err := listen.check(); err != nil {
				return err
			}
			if listen.address != "" && once {
				return usage(errors.New("--listen is for a program that stays: leave it out with --once"))
			}
			if lease != "" && (once || options.state != "") {
				return usage(errors.New("--leader-elect is for a program that stays, and remembers what was run last in its Lease: leave out --once and --state with it"))
			}
			options.strict = once
			var err error
			if lease != "" {
				if options.election, err = a.newElection(lease); err != nil {
					return err
				}
			}
			a.runs = options.out
			s, err := a.newServer(files, options)
			if err != nil {
				return err
			}
			defer s.set.post.Close(farewell, a.Leave)
			if once {
				return s.once(cmd.Context(), anyTime, ifOpen)
			}
			if listen.address == "" {
				return s.serve(cmd.Context())
			}
			return s.serveAt(cmd.Context(), listen)
		},
	}
	cmd.Flags().StringArrayVarP(&files, "file", "f", nil, "A `FILE` of game days, a directory of such files, or - for standard input; may be repeated")
	a.runFlags(cmd.Flags(), &options.runOptions)
	cmd.Flags().BoolVar(&once, "once", false, "Run the experiments once, at once, one game day after the other, and exit with the worst code")
	cmd.Flags().BoolVar(&anyTime, "ignore-windows", false, "With --once: run outside of a game day's windows too")
	cmd.Flags().BoolVar(&ifOpen, "if-open", false, "With --once: outside of a game day's windows run nothing of it, and exit with 0, as a schedule does")
	cmd.Flags().StringVar(&options.state, "state", "", "The `DIR` that remembers what was run last, where a game day has a startingDeadline; else one below ~/.local/state")
	cmd.Flags().StringVar(&lease, "leader-elect", "", "Where several replicas serve the same game days: the `LEASE`, as namespace/name, by which one of them is elected that runs them")
	listen.flags(cmd.Flags())
	if err := cmd.MarkFlagRequired("file"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

// gameDayFile reads a file that holds one game day and nothing else.
func (a *app) gameDayFile(name string) (experiment.Document, error) {
	which := selection{files: []string{name}}
	documents, err := which.documents(a)
	if err != nil {
		return experiment.Document{}, err
	}
	if len(documents) != 1 || documents[0].GameDay == nil {
		return experiment.Document{}, usage(fmt.Errorf("%s does not hold one GameDay: experiments are run by chaosctl run -f", name))
	}
	return documents[0], nil
}

// closedError is that of a game day whose windows are closed.
type closedError struct{ name, why string }

func (c *closedError) Error() string {
	return fmt.Sprintf("game day %s does not run now: %s", c.name, c.why)
}

// once runs the game day now. Windows that are closed refuse it, unless it is to run at any time.
func (d *gameDay) once(ctx context.Context, anyTime bool) error {
	if anyTime {
		d.table.Windows = nil
	}
	now := d.clock.Now()
	if reason := d.table.Windows.Closed(now); reason != nil {
		hint := "nothing was changed; --ignore-windows runs it all the same"
		if opens := d.table.Windows.Opens(now); !opens.IsZero() {
			hint += ", and the windows open at " + opens.Format(time.RFC3339)
		}
		return &ExitError{Code: report.ExitRefused, Err: &closedError{d.Metadata.Name, reason.Why}, Hint: hint}
	}
	return exitWith(d.runAll(ctx))
}
