package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/pkg/engine"
)

func (a *app) plan() *cobra.Command {
	var which selection
	cmd := &cobra.Command{
		Use:   "plan [BUILTIN…] [-f FILE…]",
		Short: "Show what a run would do, without changing anything",
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := which.load(a, args)
			if err != nil {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			for _, e := range all {
				seed, err := seedOf(e)
				if err != nil {
					return err
				}
				plan, err := engine.Prepare(cmd.Context(), c, e.Experiment, seed)
				if err != nil {
					return fmt.Errorf("%s: %w", e.Metadata.Name, err)
				}
				printPlan(a.Out, plan, colours(a.Out))
			}
			return nil
		},
	}
	which.register(cmd.Flags())
	return cmd
}

// printPlan writes a plan for people: ~ is a change that is put back, - one that cannot be undone.
func printPlan(w io.Writer, p *engine.Plan, colour bool) {
	e := p.Experiment
	fmt.Fprintf(w, "%s  promise: %s  target: %s (%d of %d ready)\n", paint(colour, bold, e.Metadata.Name), e.Spec.Promise, e.Spec.Target, p.Ready, p.Workload.Status.Desired)
	fmt.Fprintf(w, "cluster %s, Kubernetes %s; seed %d\n", orElse(p.Cluster.Context, "of this pod"), p.Cluster.Version, p.Seed)
	for _, s := range p.Streams() {
		kind := "reused connections"
		if s.Fresh {
			kind = "a fresh connection for each"
		}
		fmt.Fprintf(w, "load %s: %g requests/s to %s (%s), %s\n", s.Name, s.Rate, s.URL, p.Routes[routeOf(p, s.Name)].Via, kind)
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, c := range p.Event().Changes {
		sign := paint(colour, red, "-")
		if c.Reversible {
			sign = paint(colour, yellow, "~")
		}
		object := strings.TrimPrefix(c.Object.Namespace+"/"+c.Object.Name, "/")
		where := ""
		if c.Object.Node != "" {
			where = " on " + c.Object.Node
		}
		if c.Object.Kind != "" {
			object = c.Object.Kind + " " + object + where
		} else {
			sign, object = " ", c.ID
		}
		fmt.Fprintf(table, "  %s +%gs\t%s\t%s\t%s\n", sign, c.At.Seconds(), object, c.What, paint(colour, dim, "undo: "+c.Undo))
	}
	table.Flush()
	fmt.Fprintln(w)
}

func routeOf(p *engine.Plan, name string) int {
	for i, l := range p.Experiment.Spec.Load {
		if l.Name == name {
			return i
		}
	}
	return 0
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
