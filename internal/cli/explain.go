package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/experiments"
	"github.com/chaosctl/chaosctl/internal/reference"
	"github.com/chaosctl/chaosctl/pkg/report"
)

func (a *app) explain() *cobra.Command {
	return &cobra.Command{
		Use: "explain FAULT|PROBE|EXPECTATION|BUILTIN|experiment|gameday[.FIELD…]", Short: "Explain a fault, a probe, an expectation, a field or a built-in experiment",
		Long: `Explains what a name of the language means: its fields, their types, defaults and values, and an example.
Fields are reached by dots; the elements of a list stand for the list. Of a built-in experiment it tells what it tests, why
that matters, what usually breaks, and how to mend it.`,
		Example: "  chaosctl explain podKill\n  chaosctl explain node-drain\n  chaosctl explain podKill.gracePeriod\n  chaosctl explain experiment.spec.load.http",
		Args:    cobra.ExactArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			book, err := reference.Open()
			if err != nil || len(args) > 0 {
				return nil, nothing
			}
			return startingWith(typed, append(book.Names(), experiments.Names()...)), nothing
		},
		RunE: func(_ *cobra.Command, args []string) error {
			book, err := reference.Open()
			if err != nil {
				return err
			}
			if ready, ok := book.Experiment(args[0]); ok {
				ready.Text(a.Out, width(a.Out))
				return nil
			}
			topics, err := book.Find(args[0])
			var unknown *reference.NotFound
			if errors.As(err, &unknown) {
				return &ExitError{Code: report.ExitInvalid, Err: err, Hint: unknown.Hint()}
			}
			for i, topic := range topics {
				if i > 0 {
					fmt.Fprint(a.Out, "\n---\n\n")
				}
				topic.Text(a.Out, width(a.Out))
			}
			return err
		},
	}
}
