package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/lab/internal/advice"
)

func listCommand(streams Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Name the labs on this machine",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			labs, err := lab.List()
			if err != nil {
				return err
			}
			for _, l := range labs {
				fmt.Fprintln(streams.Out, l.Name)
			}
			return nil
		},
	}
}

func kubeconfigCommand(streams Streams, name *string) *cobra.Command {
	return &cobra.Command{
		Use:   "kubeconfig",
		Short: "Print the lab's kubeconfig",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			l, err := lab.Open(*name)
			if err != nil {
				return err
			}
			data, err := os.ReadFile(l.Kubeconfig)
			if err != nil {
				return err
			}
			_, err = streams.Out.Write(data)
			return err
		},
	}
}

func logsCommand(streams Streams, name *string) *cobra.Command {
	return &cobra.Command{
		Use:   "logs [COMPONENT]",
		Short: "Print what a component says, or name the components",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			l, err := lab.Open(*name)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				status, err := l.Status(command.Context())
				if err != nil {
					return err
				}
				for _, c := range status.Components {
					fmt.Fprintln(streams.Out, c.Name)
				}
				return nil
			}
			path, err := l.Log(args[0])
			if err != nil {
				return err
			}
			file, err := os.Open(path)
			if err != nil {
				return err
			}
			defer file.Close()
			_, err = io.Copy(streams.Out, file)
			return err
		},
	}
}

func statusCommand(streams Streams, name *string) *cobra.Command {
	command := &cobra.Command{
		Use:   "status",
		Short: "Say how the lab, its components and its nodes are",
		Args:  cobra.NoArgs,
	}
	output := command.Flags().StringP("output", "o", "", "json for programs")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if *output != "" && *output != "json" {
			return advice.New("leave out -o or use -o json", "there is no output format %q", *output)
		}
		l, err := lab.Open(*name)
		if err != nil {
			return err
		}
		status, err := l.Status(command.Context())
		if err != nil {
			return err
		}
		if *output == "json" {
			encoder := json.NewEncoder(streams.Out)
			encoder.SetIndent("", "  ")
			return encoder.Encode(status)
		}
		return printStatus(streams.Out, status)
	}
	return command
}

func printStatus(out io.Writer, s lab.Status) error {
	health := "healthy"
	if !s.Healthy {
		health = "not healthy"
	}
	if s.Phase != "running" {
		health = "half made: run `lab down`, or `lab up` to make it anew"
	}
	fmt.Fprintf(out, "lab %s: %s\nserver: %s\nkubeconfig: %s\n", s.Name, health, s.Server, s.Kubeconfig)
	if s.Problem != "" {
		fmt.Fprintf(out, "API server: %s\n", s.Problem)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nCOMPONENT\tSTATE\tPID")
	for _, c := range s.Components {
		fmt.Fprintf(table, "%s\t%s\t%d\n", c.Name, c.State, c.Pid)
	}
	if len(s.Nodes) > 0 {
		fmt.Fprintln(table, "\nNODE\tZONE\tADDRESS\tREADY\tNOTE")
	}
	for _, n := range s.Nodes {
		var notes []string
		if n.Stopped {
			notes = append(notes, "stopped")
		}
		if n.Cut {
			notes = append(notes, "cut off")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%t\t%s\n", n.Name, n.Zone, n.Address, n.Ready, strings.Join(notes, ", "))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, c := range s.Components {
		if c.State == lab.Dead {
			fmt.Fprintf(out, "\n%s has died; the end of its log:\n%s\n", c.Name, c.LastWords)
		}
	}
	return nil
}
