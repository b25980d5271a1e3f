package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/pkg/agent"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/netfilter"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/trust"
)

// terminationLog is where the kubelet looks for what a container says last.
const terminationLog = "/dev/termination-log"

// agent is what runs inside of pods. It is not for people, who have the faults that are made by it.
func (a *app) agent() *cobra.Command {
	var terms agent.Terms
	var until string
	cmd := &cobra.Command{
		Use: "agent TASK", Short: "Do something to the pod in which this runs, for a while", Hidden: true,
		PersistentPreRunE: func(*cobra.Command, []string) (err error) {
			trust.Public()
			if terms.For <= 0 {
				return usage(errors.New("an agent needs to know when to end: --for and --until"))
			}
			if terms.Until, err = time.Parse(time.RFC3339, until); err != nil {
				return usage(fmt.Errorf("--until: %w", err))
			}
			return nil
		},
	}
	flags := cmd.PersistentFlags()
	flags.DurationVar(&terms.For, "for", 0, "For how long")
	flags.StringVar(&until, "until", "", "And no longer than until this `INSTANT`")
	cpu, memory := &agent.CPU{}, &agent.Memory{}
	busy := a.task("cpu", "Keep processors busy", &terms, cpu)
	busy.Flags().IntVar(&cpu.Workers, "workers", 1, "How many")
	busy.Flags().Float64Var(&cpu.Load, "load", 100, "For this share of the time, in percent")
	holding := a.task("memory", "Hold memory", &terms, memory)
	holding.Flags().Int64Var(&memory.Bytes, "bytes", 0, "How much")
	reach := &agent.Reach{}
	reaching := a.task("reach", "Tell which addresses can be connected to", &terms, reach)
	reaching.Flags().StringArrayVar(&reach.Addresses, "to", nil, "An `ADDRESS`, host:port; may be repeated. The API server's where there is none")
	cmd.AddCommand(busy, holding, reaching, a.packets(&terms), a.httpTask(&terms), a.dnsTask(&terms), a.connectionsTask(&terms), a.signalTask(&terms), a.keepTask(&terms))
	return cmd
}

// packets takes its rules as arguments, in JSON.
func (a *app) packets(terms *agent.Terms) *cobra.Command {
	return &cobra.Command{
		Use: "packets RULE...", Short: "Have rules for the packets of this pod", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			task := agent.Packets{Rules: make([]netfilter.Rule, len(args))}
			for i, arg := range args {
				decoder := json.NewDecoder(strings.NewReader(arg))
				decoder.DisallowUnknownFields()
				if err := decoder.Decode(&task.Rules[i]); err != nil {
					return usage(fmt.Errorf("rule %q: %w", arg, err))
				}
			}
			return a.runAgent(cmd.Context(), task, *terms)
		},
	}
}

func (a *app) task(name, short string, terms *agent.Terms, task agent.Task) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runAgent(cmd.Context(), task, *terms) },
	}
}

// signalTask sends signals to processes of other containers of the pod.
func (a *app) signalTask(terms *agent.Terms) *cobra.Command {
	signal := &agent.Signal{}
	cmd := &cobra.Command{
		Use: "signal", Short: "Send a signal to processes", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			signal.Keeper = func() *exec.Cmd {
				return exec.Command("/proc/self/exe", "agent", "keep", "--for", terms.For.String(), inject.UntilFlag, terms.Until.UTC().Format(time.RFC3339))
			}
			return a.runAgent(cmd.Context(), signal, *terms)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&signal.Signal, "signal", "", "Its name, in small letters")
	flags.StringVar(&signal.Of.Name, "process", "", "To those of this name; all where it is empty")
	flags.StringSliceVar(&signal.Of.Containers, "containers", nil, "To those of containers with these ids")
	flags.StringVar((*string)(&signal.Of.Main), "main", string(agent.WithMain), "With, without or only the main process of a container")
	return cmd
}

// keepTask is what an agent that stops processes has beside it.
func (a *app) keepTask(terms *agent.Terms) *cobra.Command {
	return &cobra.Command{
		Use: "keep", Short: "Continue processes when the agent that has stopped them has ended", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return agent.Keep(*terms, a.In, a.Out) },
	}
}

// runAgent leaves a report in any case.
func (a *app) runAgent(ctx context.Context, task agent.Task, terms agent.Terms) error {
	r := agent.Run(ctx, task, terms, a.In, a.Out)
	err := r.Leave(terminationLog, a.Out)
	if r.End == agent.Failed {
		err = errors.Join(errors.New(r.Error), err)
	}
	if err != nil {
		return &ExitError{Code: report.ExitFail, Err: err}
	}
	return nil
}
