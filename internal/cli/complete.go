package cli

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/chaosctl/chaosctl/experiments"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// patience is how long a shell waits for names from the cluster. One who pressed a key does not wait longer.
const patience = 2 * time.Second

// nothing completes to nothing: not to names of files either.
const nothing = cobra.ShellCompDirectiveNoFileComp

// completer finds what can stand in the place of the cursor.
type completer = cobra.CompletionFunc

// complete teaches all commands to complete their flags, each by its name, and their arguments.
func (a *app) complete(root *cobra.Command) {
	a.completeFlags(root, root.PersistentFlags())
	for _, cmd := range root.Commands() {
		a.completeCommand(cmd)
	}
}

func (a *app) completeCommand(cmd *cobra.Command) {
	a.completeFlags(cmd, cmd.LocalNonPersistentFlags())
	if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 && !cmd.HasSubCommands() {
		cmd.ValidArgsFunction = a.arguments(cmd.Name())
	}
	for _, child := range cmd.Commands() {
		a.completeCommand(child)
	}
}

func (a *app) completeFlags(cmd *cobra.Command, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if complete := a.flag(cmd, f); complete != nil {
			// An error says that the command has brought its own.
			_ = cmd.RegisterFlagCompletionFunc(f.Name, complete)
		}
	})
}

// flag gives the completion of a flag; nil leaves it to the shell, which names files.
func (a *app) flag(cmd *cobra.Command, f *pflag.Flag) completer {
	switch f.Name {
	case "file":
		return extensions("yaml", "yml")
	case "output":
		if cmd.Name() == "init" {
			return extensions("yaml", "yml")
		}
		return cobra.FixedCompletions(formats(f.Usage), nothing)
	case "out", "state":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	case "verdict":
		return cobra.FixedCompletions(allVerdicts(), nothing)
	case "promise":
		return cobra.FixedCompletions(report.Promises(), nothing)
	case "target":
		return a.workloads
	case "namespace":
		return a.namespaces
	case "context":
		return a.kubeconfig(func(c clientcmdapi.Config) []string { return slices.Sorted(maps.Keys(c.Contexts)) })
	case "cluster":
		return a.kubeconfig(func(c clientcmdapi.Config) []string { return slices.Sorted(maps.Keys(c.Clusters)) })
	case "user":
		return a.kubeconfig(func(c clientcmdapi.Config) []string { return slices.Sorted(maps.Keys(c.AuthInfos)) })
	case "url", "rate", "seed", "set", "since", "last", "gameday", "as", "as-group", "request-timeout", "leader-elect", "listen":
		return cobra.NoFileCompletions
	}
	return nil
}

// arguments gives the completion of what a command takes beside its flags.
func (a *app) arguments(command string) completer {
	switch command {
	case "run", "plan":
		return builtins
	case "report":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	}
	return cobra.NoFileCompletions
}

func extensions(names ...string) completer {
	return cobra.FixedCompletions(names, cobra.ShellCompDirectiveFilterFileExt)
}

// formats are those that the description of a flag names.
func formats(description string) []string {
	words := strings.FieldsFunc(description, func(r rune) bool { return r < 'a' || r > 'z' })
	return slices.DeleteFunc(words, func(word string) bool {
		return !slices.Contains([]string{"text", "json", "yaml", "markdown"}, word)
	})
}

// builtins names the experiments of the library that the command line does not name yet.
func builtins(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	items, err := listOf("experiments")
	if err != nil {
		return nil, nothing
	}
	var found []string
	for _, i := range items {
		if strings.HasPrefix(i.Name, typed) && !slices.Contains(args, i.Name) {
			found = append(found, cobra.CompletionWithDesc(i.Name, i.Promise+": "+i.Description))
		}
	}
	return found, nothing
}

func (a *app) kubeconfig(names func(clientcmdapi.Config) []string) completer {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		config, err := a.kube.config().RawConfig()
		if err != nil {
			return nil, nothing
		}
		return startingWith(typed, names(config)), nothing
	}
}

func (a *app) namespaces(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	return a.fromCluster(cmd.Context(), typed, func(ctx context.Context, c *cluster.Cluster) ([]string, error) {
		list, err := c.Client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		var names []string
		for i := range list.Items {
			names = append(names, list.Items[i].Name)
		}
		return names, nil
	})
}

func (a *app) workloads(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return a.fromCluster(cmd.Context(), typed, func(ctx context.Context, c *cluster.Cluster) ([]string, error) {
		all, err := c.Workloads(ctx, a.namespaceOf(c, args))
		if err != nil {
			return nil, err
		}
		var names []string
		for _, w := range all {
			names = append(names, w.String())
		}
		return names, nil
	})
}

// namespaceOf is where a target is looked for: as in a run, a built-in experiment brings a namespace of its own.
func (a *app) namespaceOf(c *cluster.Cluster, args []string) string {
	if a.kube.namespace() != "" || len(args) == 0 || !slices.Contains(experiments.Names(), args[0]) {
		return c.Namespace
	}
	e, err := builtin(args[0])
	if err != nil {
		return c.Namespace
	}
	return e.Spec.Target.Namespace
}

// fromCluster gives the names that read finds. It is silent about errors, and comes back in time even if a program that
// gets credentials does not.
func (a *app) fromCluster(ctx context.Context, typed string, read func(context.Context, *cluster.Cluster) ([]string, error)) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found := make(chan []string, 1)
	go func() {
		defer close(found)
		if c, err := a.connect(); err == nil {
			if names, err := read(ctx, c); err == nil {
				found <- names
			}
		}
	}()
	select {
	case names := <-found:
		return startingWith(typed, names), nothing
	case <-ctx.Done():
		return nil, nothing
	}
}

func startingWith(typed string, names []string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, typed) })
}
