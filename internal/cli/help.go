package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// section is a part of the list of commands.
type section struct {
	title    string
	commands []string
}

// sections put the commands in the order in which somebody new needs them. Those that no section names come last.
func sections() []section {
	return []section{
		{"Experiments", []string{"init", "validate", "plan", "run", "report", "compare", "history", "trend"}},
		{"Game days", []string{"serve", "schedule"}},
		{"Safety", []string{"status", "recover", "stop", "allow"}},
		{"Clusters", []string{"doctor", "rbac"}},
		{"Reference", []string{"list", "explain", "schema"}},
	}
}

// offline lists the commands that never talk to a cluster; how to reach one is no help to their reader.
func offline() []string {
	return []string{"validate", "report", "compare", "history", "trend", "list", "explain", "schema", "schedule", "version", "completion", "help"}
}

// connectionFlags are those that are shown, with a line each; all others that kubectl has work too.
func connectionFlags() map[string]string {
	return map[string]string{
		"namespace":       "The `NAMESPACE` of the target, in place of the experiment's",
		"context":         "The context of the kubeconfig to use, by `NAME`",
		"kubeconfig":      "The kubeconfig `FILE`; else that of KUBECONFIG, or ~/.kube/config",
		"as":              "Act as this `USER`",
		"as-group":        "Act as a member of this `GROUP`; may be repeated",
		"request-timeout": "The longest `TIME` for a single request, such as 30s; no limit where absent",
	}
}

// shorten hides the flags that few need, and describes the others in one line.
func shorten(flags *pflag.FlagSet) {
	shown := connectionFlags()
	flags.VisitAll(func(f *pflag.Flag) {
		f.Usage, f.Hidden = shown[f.Name], shown[f.Name] == ""
		if f.Name == "request-timeout" {
			f.DefValue = "" // 0, which means no limit
		}
	})
}

// usageOf prints how a command is used. It stands in for cobra's own text, which tells neither the parts of a long list
// of commands nor the flags of a command from those of kubectl.
func (a *app) usageOf(cmd *cobra.Command) error {
	w := cmd.OutOrStderr()
	fmt.Fprint(w, "Usage:\n")
	if cmd.Runnable() {
		fmt.Fprintf(w, "  %s\n", strings.TrimSuffix(cmd.UseLine(), " [flags]"))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "  %s COMMAND\n", cmd.CommandPath())
		printCommands(w, cmd)
	}
	if cmd.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", strings.ReplaceAll(cmd.Example, "  chaosctl ", "  "+cmd.Root().CommandPath()+" "))
	}
	columns := width(a.Out)
	own, connection := a.flagsOf(cmd)
	if own.HasAvailableFlags() {
		fmt.Fprintf(w, "\nFlags:\n%s", own.FlagUsagesWrapped(columns))
	}
	if connection.HasAvailableFlags() {
		fmt.Fprintf(w, "\nKubernetes flags (the other connection flags of kubectl work too):\n%s", connection.FlagUsagesWrapped(columns))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\n%s COMMAND --help tells more about a command.\n", cmd.CommandPath())
	}
	return nil
}

// flagsOf parts the flags of a command from those of the connection, which are left out where there is none.
func (a *app) flagsOf(cmd *cobra.Command) (own, connection *pflag.FlagSet) {
	own, connection = pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
	persistent := cmd.Root().PersistentFlags()
	add := func(f *pflag.Flag) {
		switch {
		case persistent.Lookup(f.Name) != f:
			own.AddFlag(f)
		case !slices.Contains(offline(), topLevel(cmd).Name()):
			connection.AddFlag(f)
		}
	}
	cmd.LocalFlags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	return own, connection
}

// topLevel is the command right below the root that cmd belongs to, or the root itself.
func topLevel(cmd *cobra.Command) *cobra.Command {
	for cmd.HasParent() && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	return cmd
}

func printCommands(w io.Writer, parent *cobra.Command) {
	left := slices.DeleteFunc(slices.Clone(parent.Commands()), func(c *cobra.Command) bool { return c.Hidden })
	title := "Commands"
	if !parent.HasParent() {
		for _, s := range sections() {
			printed := 0
			for _, name := range s.commands {
				i := slices.IndexFunc(left, func(c *cobra.Command) bool { return c.Name() == name })
				if i < 0 {
					continue
				}
				if printed++; printed == 1 {
					fmt.Fprintf(w, "\n%s:\n", s.title)
				}
				printCommand(w, left[i])
				left = slices.Delete(left, i, i+1)
			}
		}
		title = "Others"
	}
	if len(left) > 0 {
		fmt.Fprintf(w, "\n%s:\n", title)
	}
	for _, c := range left {
		printCommand(w, c)
	}
}

func printCommand(w io.Writer, c *cobra.Command) {
	fmt.Fprintf(w, "  %s%s  %s\n", c.Name(), strings.Repeat(" ", max(0, c.NamePadding()-len(c.Name()))), c.Short)
}

// displayName is what the user calls this program: by kubectl, if it was called as a plugin of it.
func displayName(program string) string {
	if base := filepath.Base(program); strings.TrimSuffix(base, ".exe") == "kubectl-chaosctl" {
		return "kubectl chaosctl"
	}
	return "chaosctl"
}
