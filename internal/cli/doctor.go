package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/chaosctl/chaosctl/pkg/doctor"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/report"
)

func (a *app) doctor() *cobra.Command {
	var which selection
	var output string
	cmd := &cobra.Command{
		Use:   "doctor [BUILTIN…] [-f FILE…]",
		Short: "Find out what would keep experiments from running or measuring, and how to mend it",
		Long: `doctor looks at the connection, the cluster and, where experiments are named, at what each of them needs: permissions,
a target, an answer to its load, and enough requests for what it expects. It changes nothing. It exits with 5 if there is
a problem; a warning is none.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != "text" && output != "json" {
				return usage(fmt.Errorf("--output %q is not known: use text or json", output))
			}
			var all []chosen
			if len(args) > 0 || len(which.files) > 0 {
				var err error
				if all, err = which.load(a, args); err != nil {
					return err
				}
			}
			findings := a.examine(cmd.Context(), all)
			if err := printFindings(a.Out, findings, output); err != nil {
				return err
			}
			if !doctor.Healthy(findings) {
				return exitWith(report.ExitRefused)
			}
			return nil
		},
	}
	which.register(cmd.Flags())
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return cmd
}

func (a *app) examine(ctx context.Context, all []chosen) []doctor.Finding {
	c, err := a.connect()
	if err != nil {
		return []doctor.Finding{doctor.Unreachable("kubeconfig", err)}
	}
	config, err := a.kube.restConfig()
	if err != nil {
		return []doctor.Finding{doctor.Unreachable("kubeconfig", err)}
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return []doctor.Finding{doctor.Unreachable("kubeconfig", err)}
	}
	var experiments []*experiment.Experiment
	for _, e := range all {
		experiments = append(experiments, e.Experiment)
	}
	d := &doctor.Doctor{Cluster: c, HTTP: client, Libraries: libraries(), Now: time.Now}
	return d.Examine(ctx, experiments)
}

// libraries is the version of client-go in this binary.
func libraries() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "k8s.io/client-go" {
				return m.Version
			}
		}
	}
	return ""
}

// printFindings writes one line for each.
func printFindings(w io.Writer, findings []doctor.Finding, output string) error {
	if output == "json" {
		return json.NewEncoder(w).Encode(map[string][]doctor.Finding{"items": findings})
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, f := range findings {
		text := f.Message
		if f.Mend != "" {
			text += "; to mend it: " + f.Mend
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Level, f.Check, text)
	}
	return table.Flush()
}
