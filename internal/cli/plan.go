package cli

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/engine"
)

func (a *app) plan() *cobra.Command {
	var which selection
	var output string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "plan [BUILTIN…] [-f FILE…]",
		Short: "Show what a run would do, without changing anything",
		Long: `plan shows every object that a run would touch, what is done to it and when, how it is undone, and what share of the
workload that is. With --server-dry-run each request is also sent to the API server with dryRun=All, which authorises and
validates it and changes nothing. Whether agents are let into their pods is asked in that way in any case.`,
		Example: `  chaosctl plan -f experiment.yaml
  chaosctl plan pod-kill --target deployment/web -n shop -o yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			show, err := a.planWriter(output)
			if err != nil {
				return err
			}
			all, err := which.load(a, args)
			if err != nil {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			if os.Getenv("GOGC") == "" {
				// It is over in a second or two, so memory is worth more than the collector's time.
				defer debug.SetGCPercent(debug.SetGCPercent(50))
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
				document := documentOf(plan)
				if dryRun {
					document.rehearse(cmd.Context(), c, plan)
				}
				if err := show(plan, document); err != nil {
					return err
				}
			}
			return nil
		},
	}
	which.register(cmd.Flags())
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text, json or yaml")
	cmd.Flags().BoolVar(&dryRun, "server-dry-run", false, "Send each request with dryRun=All, and show what the server says")
	return cmd
}

// planWriter gives the function that prints plans in a format.
func (a *app) planWriter(output string) (func(*engine.Plan, *planDocument) error, error) {
	switch output {
	case "text":
		return func(p *engine.Plan, d *planDocument) error {
			printPlan(a.Out, p, colours(a.Out))
			d.printAnswers(a.Out)
			return nil
		}, nil
	case "json":
		return func(_ *engine.Plan, d *planDocument) error { return writeJSON(a.Out, d) }, nil
	case "yaml":
		return func(_ *engine.Plan, d *planDocument) error {
			text, err := yaml.Marshal(d)
			if err == nil {
				_, err = fmt.Fprintf(a.Out, "---\n%s", text)
			}
			return err
		}, nil
	}
	return nil, usage(fmt.Errorf("--output %q is not known: use text, json or yaml", output))
}

// rehearse asks the server about each change.
func (d *planDocument) rehearse(ctx context.Context, c *cluster.Cluster, p *engine.Plan) {
	for _, i := range p.Injections {
		if len(i.Changes) > 0 && !i.Changes[0].InCluster() {
			continue // no request of it goes to the API server
		}
		for n, err := range apply.DryRun(ctx, c, i.Changes) {
			answer := serverAnswer{ID: i.Changes[n].ID, Accepted: err == nil}
			if err != nil {
				answer.Message = err.Error()
			}
			d.DryRun = append(d.DryRun, answer)
		}
	}
}
