package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/experiments"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// listed is one entry of a list.
type listed struct {
	Name        string `json:"name"`
	Promise     string `json:"promise,omitempty"`
	Description string `json:"description,omitempty"`
}

func (a *app) list() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "list faults|probes|expectations|experiments", Short: "List what there is: faults, probes, expectations, built-in experiments",
		Example: "  chaosctl list experiments\n  chaosctl list faults -o json",
		Args:    cobra.ExactArgs(1), ValidArgs: lists(),
		RunE: func(_ *cobra.Command, args []string) error {
			items, err := listOf(args[0])
			if err != nil {
				return err
			}
			switch output {
			case "text":
				return printList(a.Out, items)
			case "json":
				return json.NewEncoder(a.Out).Encode(map[string][]listed{"items": items})
			}
			return usage(fmt.Errorf("--output %q is not known: use text or json", output))
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return cmd
}

func lists() []string { return []string{"faults", "probes", "expectations", "experiments"} }

func listOf(what string) ([]listed, error) {
	items := []listed{}
	switch what {
	case "faults":
		for _, d := range inject.Definitions() {
			items = append(items, listed{Name: d.Name, Description: d.Summary})
		}
	case "probes":
		for _, d := range probe.Definitions() {
			items = append(items, listed{Name: d.Name, Description: d.Summary})
		}
	case "expectations":
		for _, d := range verdict.ExpectationDefinitions() {
			items = append(items, listed{Name: d.Name, Description: d.Summary})
		}
	case "experiments":
		for _, name := range experiments.Names() {
			e, err := builtin(name)
			if err != nil {
				return nil, err
			}
			items = append(items, listed{Name: name, Promise: string(e.Spec.Promise), Description: e.Metadata.Description})
		}
	default:
		return nil, &ExitError{Code: report.ExitInvalid, Err: fmt.Errorf("there is no list of %q", what), Hint: hintOf(what, lists())}
	}
	return items, nil
}

func printList(w io.Writer, items []listed) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, i := range items {
		if i.Promise != "" {
			fmt.Fprintf(table, "%s\t%s\t%s\n", i.Name, i.Promise, i.Description)
		} else {
			fmt.Fprintf(table, "%s\t%s\n", i.Name, i.Description)
		}
	}
	return table.Flush()
}
