package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) validate() *cobra.Command {
	var which selection
	cmd := &cobra.Command{
		Use:   "validate -f FILE…",
		Short: "Check files without a cluster, and say all that is wrong in them",
		Example: `  chaosctl validate -f experiment.yaml
  chaosctl validate -f experiments/`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if len(which.files) == 0 {
				return usage(fmt.Errorf("no file is named: give one by -f"))
			}
			documents, err := which.documents(a)
			if err != nil {
				return err
			}
			for _, d := range documents {
				if d.GameDay != nil {
					if _, err := a.members(d); err != nil {
						return err
					}
					if _, err := timetable(d); err != nil {
						return err
					}
					fmt.Fprintf(a.Out, "%s: game day %s is valid\n", d.File, d.GameDay.Metadata.Name)
					continue
				}
				fmt.Fprintf(a.Out, "%s: experiment %s is valid\n", d.File, d.Experiment.Metadata.Name)
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVarP(&which.files, "file", "f", nil, "A `FILE`, a directory of files, or - for standard input; may be repeated")
	return cmd
}
