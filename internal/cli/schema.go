package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/schema"
)

func (a *app) schema() *cobra.Command {
	kinds := []string{schema.Experiment, schema.GameDay}
	return &cobra.Command{
		Use: "schema [experiment|gameday]", Short: "Print the JSON Schema of the language, for editors",
		Long: `Prints the JSON Schema of experiments or of game days; without an argument, one for files that may hold either.
An editor with a YAML language server completes and checks a file whose first line names a schema:

  # yaml-language-server: $schema=chaosctl.schema.json`,
		Example: "  chaosctl schema > chaosctl.schema.json\n  chaosctl schema gameday",
		Args:    cobra.MaximumNArgs(1), ValidArgs: kinds,
		RunE: func(_ *cobra.Command, args []string) error {
			name := schema.Any
			if len(args) > 0 {
				name = args[0]
			}
			text, err := schema.Text(name)
			if err != nil {
				return &ExitError{Code: report.ExitInvalid, Err: err, Hint: hintOf(name, kinds)}
			}
			_, err = a.Out.Write(text)
			return err
		},
	}
}

// hintOf names what was probably meant, or all that there is.
func hintOf(written string, among []string) string {
	if near := experiment.Nearest(written, among); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "there are " + strings.Join(among, ", ")
}
