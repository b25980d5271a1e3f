package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/target"
)

func (a *app) init() *cobra.Command {
	var workload, file string
	var force bool
	cmd := &cobra.Command{
		Use:   "init [BUILTIN] [--target KIND/NAME] [-o FILE]",
		Short: "Write a first experiment for a workload of the cluster, or one of the library",
		Long: `init looks at a workload, the Services in front of it, its probes, its disruption budgets and its autoscaler, and writes
an experiment that kills one of its pods. Comments in the file say what was found, and what was missing. Nothing in the
cluster is changed.

With the name of a built-in experiment it writes that one for the workload, to be made your own; no cluster is asked.`,
		Example: `  chaosctl init -n shop --target deployment/web
  chaosctl init -n shop --target deployment/web -o - | less
  chaosctl init node-drain -n shop --target deployment/web`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.initBuiltin(cmd.Root().CommandPath(), args[0], workload, file, force)
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			d, err := draftFor(cmd.Context(), c, workload)
			if err != nil {
				return err
			}
			d.Program = cmd.Root().CommandPath()
			if d.File = file; file == "" {
				d.File = d.Name + ".yaml"
			}
			return a.writeDraft(d, force)
		},
	}
	cmd.Flags().StringVar(&workload, "target", "", "The workload as `KIND/NAME`; else the only one of the namespace")
	cmd.Flags().StringVarP(&file, "output", "o", "", "The `FILE` to write, or - for standard output; else one named after the workload")
	cmd.Flags().BoolVar(&force, "force", false, "Replace the file if there is one")
	return cmd
}

// draftFor reads the workload and what acts on it.
func draftFor(ctx context.Context, c *cluster.Cluster, workload string) (*draft, error) {
	if err := checkWorkload(workload); err != nil {
		return nil, err
	}
	if _, err := c.Contact(ctx); err != nil {
		return nil, err
	}
	w, err := chooseWorkload(ctx, c, workload)
	if err != nil {
		return nil, err
	}
	s, err := c.Surroundings(ctx, w)
	if err != nil {
		return nil, err
	}
	return newDraft(w, s), nil
}

// checkWorkload looks at the flag before anything is asked of the cluster.
func checkWorkload(workload string) error {
	kind, name, _ := strings.Cut(workload, "/")
	if workload == "" || name != "" && slices.Contains(experiment.WorkloadKinds(), kind) {
		return nil
	}
	return usage(fmt.Errorf("--target %q is not a workload: expected kind/name, where kind is one of %s", workload, strings.Join(experiment.WorkloadKinds(), ", ")))
}

// chooseWorkload is the one that was named, or the only one that there is.
func chooseWorkload(ctx context.Context, c *cluster.Cluster, name string) (*cluster.Workload, error) {
	if name != "" {
		t := experiment.Target{Namespace: c.Namespace, Workload: name}
		w, err := c.Workload(ctx, t)
		if apierrors.IsNotFound(err) {
			return nil, &target.Refusal{Reason: fmt.Sprintf("the target %s does not exist in this cluster", t)}
		}
		return w, err
	}
	all, err := c.Workloads(ctx, c.Namespace)
	if err != nil {
		return nil, err
	}
	if len(all) == 1 {
		return all[0], nil
	}
	problem := &ExitError{Code: report.ExitInvalid}
	if len(all) == 0 {
		problem.Err, problem.Hint = fmt.Errorf("namespace %s has no Deployment, StatefulSet or DaemonSet", c.Namespace), "name the workload's namespace by -n"
		return nil, problem
	}
	var names []string
	for _, w := range all {
		names = append(names, w.String())
	}
	problem.Err = fmt.Errorf("namespace %s has %d workloads: %s", c.Namespace, len(all), strings.Join(names, ", "))
	problem.Hint = "choose one, such as --target " + names[0]
	return nil, problem
}

// writeDraft writes the file, having made sure that it is one that chaosctl accepts.
func (a *app) writeDraft(d *draft, force bool) error {
	var text bytes.Buffer
	if err := d.write(&text); err != nil {
		return err
	}
	if _, err := loader().Load(d.File, bytes.NewReader(text.Bytes())); err != nil {
		return fmt.Errorf("the draft for %s is not valid, which is a bug: %w", d.Target, err)
	}
	return a.writeExperiment(d.Program, d.File, text.Bytes(), force, d.Warnings)
}

// writeExperiment writes the file, or to standard output where it is called -.
func (a *app) writeExperiment(program, file string, text []byte, force bool, warnings [][]string) error {
	if file == "-" {
		_, err := a.Out.Write(text)
		return err
	}
	if err := writeNew(file, text, force); err != nil {
		return err
	}
	for _, warning := range warnings {
		fmt.Fprintf(a.Err, "warning: %s\n", strings.Join(warning, " "))
	}
	_, err := fmt.Fprintf(a.Out, "wrote %s\nNext: %s plan -f %s\n", file, program, file)
	return err
}

// writeNew writes a file that is not there yet, or replaces it if that was asked for.
func writeNew(path string, text []byte, force bool) error {
	if force {
		return writeFile(path, func(w io.Writer) error { _, err := w.Write(text); return err })
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return &ExitError{Code: report.ExitInvalid, Err: fmt.Errorf("%s is there already", path), Hint: "name another file by -o, or replace it by --force"}
	}
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}
