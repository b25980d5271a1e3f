// Package cli is the commands of lab.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/lab/internal/advice"
)

// Streams are where a command writes: results to Out, progress and errors to Err.
type Streams struct{ Out, Err io.Writer }

// Log writes a line of progress.
func (s Streams) Log(format string, args ...any) { fmt.Fprintf(s.Err, format+"\n", args...) }

// Run runs one command and returns its exit code: 0 for success, 1 for failure.
func Run(ctx context.Context, streams Streams, args []string) int {
	root := newRoot(streams)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("interrupted: %w", err)
	}
	streams.Log("error: %v", err)
	if hint := advice.Hint(err); hint != "" {
		streams.Log("hint: %s", hint)
	}
	return 1
}

func newRoot(streams Streams) *cobra.Command {
	var name string
	root := &cobra.Command{
		Use:   "lab",
		Short: "A real Kubernetes on this machine, in seconds",
		Long: "lab runs a real Kubernetes on one Linux machine: control plane and nodes, without a container engine\n" +
			"or an image registry. It needs root. `lab prepare` makes a machine ready, `lab up` makes a cluster.",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	root.CompletionOptions.DisableDefaultCmd = true
	root.PersistentFlags().StringVar(&name, "name", lab.DefaultName, "which lab")
	root.AddCommand(
		prepareCommand(streams), upCommand(streams, &name), downCommand(streams, &name), listCommand(streams),
		statusCommand(streams, &name), kubeconfigCommand(streams, &name), logsCommand(streams, &name),
		loadImageCommand(&name), nodeCommand(&name), componentCommand(&name),
	)
	return root
}
