package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/lab/internal/advice"
)

func downCommand(streams Streams, name *string) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Remove the lab and all that belongs to it",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			found, err := lab.Down(command.Context(), *name, streams.Log)
			if err != nil {
				return err
			}
			if !found {
				streams.Log("there is no lab named %s: nothing to do", *name)
				return nil
			}
			streams.Log("lab %s is gone", *name)
			return nil
		},
	}
}

func loadImageCommand(name *string) *cobra.Command {
	command := &cobra.Command{
		Use:   "load-image ARCHIVE... | load-image --tag IMAGE BINARY",
		Short: "Put images, or a static binary as an image, into every node",
	}
	tag := command.Flags().String("tag", "", "name of the image to make of BINARY")
	command.Args = func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return advice.New("`lab load-image web.tar` or `lab load-image --tag example/web:1 ./web`", "there is nothing to load")
		case *tag != "" && len(args) != 1:
			return advice.New("give one binary", "with --tag there is one image to make, out of %d files", len(args))
		}
		return nil
	}
	command.RunE = func(command *cobra.Command, args []string) error {
		l, err := lab.Open(*name)
		if err != nil {
			return err
		}
		if *tag != "" {
			return l.LoadImage(command.Context(), *tag, args[0])
		}
		for _, archive := range args {
			if err := l.LoadArchive(command.Context(), archive); err != nil {
				return err
			}
		}
		return nil
	}
	return command
}

// action is a command that does something to a part of a lab.
type action struct {
	name, about string
	do          func(*lab.Lab, context.Context, string) error
}

func nodeCommand(name *string) *cobra.Command {
	return group(name, "node", "Stop, start, cut off or reconnect a node", "NODE", []action{
		{"stop", "Take a node's power: its processes die at once", (*lab.Lab).StopNode},
		{"start", "Turn a stopped node on and wait until it is ready", (*lab.Lab).StartNode},
		{"cut", "Pull a node's cable", (*lab.Lab).CutNode},
		{"heal", "Put a node's cable back", (*lab.Lab).HealNode},
	})
}

func componentCommand(name *string) *cobra.Command {
	return group(name, "component", "Stop, start, pause or resume a part of the control plane", "COMPONENT", []action{
		{"stop", "End a component at once", (*lab.Lab).StopComponent},
		{"start", "Start a component that was stopped or has died", (*lab.Lab).StartComponent},
		{"pause", "Make a component stand still", (*lab.Lab).PauseComponent},
		{"resume", "Let a paused component go on", (*lab.Lab).ResumeComponent},
	})
}

func group(name *string, use, about, operand string, actions []action) *cobra.Command {
	parent := &cobra.Command{Use: use, Short: about}
	for _, a := range actions {
		parent.AddCommand(&cobra.Command{
			Use:   a.name + " " + operand,
			Short: a.about,
			Args:  cobra.ExactArgs(1),
			RunE: func(command *cobra.Command, args []string) error {
				l, err := lab.Open(*name)
				if err != nil {
					return err
				}
				return a.do(l, command.Context(), args[0])
			},
		})
	}
	return parent
}
