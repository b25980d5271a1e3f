package cli

import (
	"fmt"
	"regexp"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/chaosctl/chaosctl/pkg/agent"
	"github.com/chaosctl/chaosctl/pkg/agent/proxy"
	"github.com/chaosctl/chaosctl/pkg/netfilter"
)

// httpTask gives wrong answers to requests that come in to a port.
func (a *app) httpTask(terms *agent.Terms) *cobra.Command {
	faults := &proxy.HTTP{}
	between := &agent.Between{Direction: netfilter.In, Proxy: faults}
	cmd := a.task("http", "Answer requests of HTTP wrongly, late or not at all", terms, between)
	flags := cmd.Flags()
	betweenFlags(flags, between)
	flags.StringVar(&faults.Prefix, "path", "", "Requests whose path begins so")
	flags.Func("pattern", "Requests whose path matches this regular expression", func(text string) (err error) {
		faults.Pattern, err = regexp.Compile(text)
		return err
	})
	flags.StringSliceVar(&faults.Methods, "method", nil, "Requests of these methods")
	flags.BoolVar(&faults.Probes, "probes", false, "And those of the kubelet's probes")
	shareFlag(flags, &faults.Share)
	flags.DurationVar(&faults.Delay, "delay", 0, "How long they are held")
	flags.IntVar(&faults.Status, "status", 0, "The answer")
	flags.BoolVar(&faults.Abort, "abort", false, "No answer: the connection is reset")
	return cmd
}

// connectionsTask passes on late or slowly what goes through connections.
func (a *app) connectionsTask(terms *agent.Terms) *cobra.Command {
	faults := &proxy.Connections{}
	between := &agent.Between{Direction: netfilter.In, Proxy: faults}
	cmd := a.task("connections", "Pass on what goes through connections of TCP, late or slowly", terms, between)
	flags := cmd.Flags()
	betweenFlags(flags, between)
	flags.Func("direction", "in: those that peers open, out: those that the pod opens", func(text string) error {
		switch between.Direction = netfilter.Direction(text); between.Direction {
		case netfilter.In:
			faults.Out, faults.Dialer.Control = false, nil
		case netfilter.Out:
			// What the proxy opens itself is not to come back to it.
			faults.Out, faults.Dialer.Control = true, netfilter.Exempt
		default:
			return fmt.Errorf("%q is neither in nor out", text)
		}
		return nil
	})
	shareFlag(flags, &faults.Share)
	flags.DurationVar(&faults.Delay, "delay", 0, "How long what the pod sends is held")
	flags.DurationVar(&faults.Jitter, "jitter", 0, "Give or take up to this")
	flags.Int64Var(&faults.Rate, "rate", 0, "How many bytes a second may go each way, in all connections together")
	flags.BoolVar(&faults.Each, "each", false, "That is the rate of each connection")
	return cmd
}

// resolvConf is where a pod's name servers are named.
const resolvConf = "/etc/resolv.conf"

// dnsTask gives wrong answers to questions of the pod.
func (a *app) dnsTask(terms *agent.Terms) *cobra.Command {
	faults := &proxy.DNS{}
	cmd := a.task("dns", "Answer questions for names wrongly, late or not at all", terms, &agent.DNS{Resolv: resolvConf, Proxy: faults})
	flags := cmd.Flags()
	flags.StringSliceVar(&faults.Names, "name", nil, "Questions for these names")
	flags.StringVar((*string)(&faults.Answer), "answer", "", "The answer: NXDOMAIN, SERVFAIL or none")
	flags.DurationVar(&faults.Delay, "delay", 0, "How long they are held")
	shareFlag(flags, &faults.Share)
	return cmd
}

func betweenFlags(flags *pflag.FlagSet, b *agent.Between) {
	flags.Var((*ports)(&b.Ports), "port", "The port that connections go to")
	flags.Var((*peers)(&b.Peers), "peer", "The addresses at the other end, as a CIDR")
	flags.BoolVar(&b.Reset, "reset", false, "Reset connections that were there before")
}

func shareFlag(flags *pflag.FlagSet, share *float64) {
	flags.Float64Var(share, "share", 1, "For this share of them, from 0 to 1")
}
