package cli

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/lab"
)

// optionFlags adds the flags that say what lab to make.
func optionFlags(command *cobra.Command, streams Streams) *lab.Options {
	o := &lab.Options{Log: streams.Log}
	flags := command.Flags()
	flags.StringVar((*string)(&o.Profile), "profile", string(lab.Fast), "fast (short timeouts), realistic (Kubernetes defaults) or control-plane (no nodes)")
	flags.StringSliceVar(&o.Addons, "addons", nil, "metrics, dns or both, separated by a comma")
	flags.StringVar(&o.StateRoot, "state-dir", os.Getenv("CHAOSCTL_LAB_STATE"), "folder for the labs' files (default "+lab.DefaultStateRoot+")")
	flags.StringVar(&o.Components, "components", "", "folder lab/components of a checkout (default: found from here)")
	flags.StringVar(&o.Cache, "cache", os.Getenv("CHAOSCTL_LAB_CACHE"), "folder for built components (default: chaosctl-lab in the user's cache)")
	return o
}

func upCommand(streams Streams, name *string) *cobra.Command {
	command := &cobra.Command{
		Use:   "up",
		Short: "Make a lab and wait until pods can run in it",
		Args:  cobra.NoArgs,
	}
	o := optionFlags(command, streams)
	command.Flags().IntVar(&o.Nodes, "nodes", 3, "number of nodes, 1 to 16")
	command.Flags().IntVar(&o.Zones, "zones", 0, "number of zones to spread them over (default 2)")
	command.Flags().BoolVar(&o.Keep, "keep", false, "leave a lab that does not start as it is, to look at")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if o.Nodes == 0 && o.Profile != lab.ControlPlane {
			o.Nodes = -1 // said by hand, and so refused, where 0 in a program means the default
		}
		o.Name = *name
		start := time.Now()
		l, err := lab.Up(command.Context(), *o)
		if err != nil {
			return err
		}
		if l.Existing {
			streams.Log("lab %s is already running, with %d nodes", l.Name, len(l.Nodes))
			if command.Flags().Changed("nodes") && o.Profile != lab.ControlPlane && o.Nodes != len(l.Nodes) {
				streams.Log("note: to have %d, run `lab down --name %s` first", o.Nodes, l.Name)
			}
		} else {
			streams.Log("lab %s is up with %d nodes after %.1f s", l.Name, len(l.Nodes), time.Since(start).Seconds())
		}
		warnOfProxy(streams)
		fmt.Fprintf(streams.Out, "export KUBECONFIG=%s\n", l.Kubeconfig)
		return nil
	}
	return command
}

// warnOfProxy says that clients which go through a proxy do not reach a lab.
func warnOfProxy(streams Streams) {
	proxied := os.Getenv("HTTPS_PROXY")+os.Getenv("https_proxy")+os.Getenv("HTTP_PROXY")+os.Getenv("http_proxy") != ""
	if spared := os.Getenv("NO_PROXY") + os.Getenv("no_proxy"); proxied && !strings.Contains(spared, "198.18.") {
		streams.Log("note: a proxy is set: add 198.18.0.0/15 to NO_PROXY, or clients will look for the lab behind it")
	}
}

func prepareCommand(streams Streams) *cobra.Command {
	command := &cobra.Command{
		Use:   "prepare",
		Short: "Check this machine, install what is missing and build the components",
		Args:  cobra.NoArgs,
	}
	o := optionFlags(command, streams)
	install := command.Flags().Bool("install", true, "install missing packages with apt, as root; false only checks and builds nothing")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if !*install {
			if err := lab.Check(command.Context(), *o); err != nil {
				return err
			}
			streams.Log("this machine can run labs")
			return nil
		}
		if err := lab.Prepare(command.Context(), *o); err != nil {
			return err
		}
		streams.Log("this machine is ready: run `lab up`")
		return nil
	}
	return command
}
