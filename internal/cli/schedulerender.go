package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/chaosctl/chaosctl/internal/version"
	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cronjob"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/report"
)

func (a *app) scheduleRender() *cobra.Command {
	var file, account string
	var options cronjob.Options
	cmd := &cobra.Command{
		Use:   "render -f GAMEDAY",
		Short: "Print the CronJobs that let Kubernetes run a game day, with the least role for them",
		Long: `render prints what runs a game day on Kubernetes: a ConfigMap with its files, a CronJob that runs it, another that puts back
what a run has left whose pod was lost, a ServiceAccount with the least role, and a NetworkPolicy. It reads no cluster.

What a CronJob cannot do, such as a jitter, a queue or seconds, is refused. It also treats changes of clocks in its own way: a run
at an hour that is skipped is left out, where chaosctl serve makes up for it.`,
		Example: `  chaosctl schedule render -f gameday.yaml | kubectl apply -f -
  chaosctl schedule render -f gameday.yaml --image registry.example/chaosctl:v1 --serviceaccount chaos/runner --reports-claim reports`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if file == "-" {
				return usage(errors.New("a game day on standard input has no folder: its files are found relative to its own, so name that"))
			}
			d, err := a.gameDayFile(file)
			if err != nil {
				return err
			}
			return a.render(d, account, options)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&file, "file", "f", "", "The `FILE` of the game day")
	flags.StringVar(&options.Image, "image", version.Image(), "The `IMAGE` of the pods, with chaosctl as its entrypoint")
	flags.StringVar(&account, "serviceaccount", "", "The ServiceAccount of the pods, as namespace/name; one named chaosctl is made beside the first target where none is given")
	flags.StringVar(&options.Reports, "reports-claim", "", "The PersistentVolumeClaim that keeps the reports, by its `NAME`; without it they go with the pods")
	withoutNamespace(flags)
	if err := cmd.MarkFlagRequired("file"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

// render writes the manifest of a game day.
func (a *app) render(d experiment.Document, account string, options cronjob.Options) error {
	all, err := a.members(d)
	if err != nil {
		return err
	}
	if _, err := timetable(d); err != nil { // its calendars are read, and so checked
		return err
	}
	if err := tellable(d); err != nil {
		return err
	}
	manifest, err := manifestFor(all, account)
	if err != nil {
		return err
	}
	manifest.Name += ":" + d.GameDay.Metadata.Name
	files, err := filesOf(d)
	if err != nil {
		return err
	}
	options.Namespace, options.ServiceAccount = manifest.AccountNamespace, manifest.AccountName
	objects, err := cronjob.Render(d.GameDay, files, options)
	if unfit := new(cronjob.Unfit); errors.As(err, &unfit) {
		return &ExitError{Code: report.ExitInvalid, Err: fmt.Errorf("%s: %w", d.File, err), Hint: unfit.Mend}
	}
	if err != nil {
		return err
	}
	needs, err := a.needs(context.Background(), all, false)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := manifest.Write(&out, access.RolesFor(needs)); err != nil {
		return err
	}
	for _, o := range objects {
		if err := document(&out, o); err != nil {
			return err
		}
	}
	_, err = a.Out.Write(out.Bytes())
	return err
}

// tellable refuses addresses and keys that a pod of a CronJob does not have.
func tellable(d experiment.Document) error {
	for i, n := range d.GameDay.Receivers() {
		for field, v := range n.Hidden() {
			if v.Secret == nil {
				return &ExitError{
					Code: report.ExitInvalid, Err: fmt.Errorf("%s: spec.notify[%d].%s is in the environment, or in a file, of this machine, which a CronJob's pod has not", d.File, i, field),
					Hint: "keep it in a Secret of the cluster: secret: {namespace, name, key}",
				}
			}
		}
	}
	return nil
}

// filesOf reads a game day's own file, which comes first, and all that it names.
func filesOf(d experiment.Document) (cronjob.Files, error) {
	dir := filepath.Dir(d.File)
	names := []string{filepath.Base(d.File)}
	for _, e := range d.GameDay.Spec.Experiments {
		if e.File == "" {
			continue
		}
		traces, err := tracesOf(dir, e.File)
		if err != nil {
			return nil, err
		}
		names = append(append(names, e.File), traces...)
	}
	names = append(names, d.GameDay.Calendars()...)
	var files cronjob.Files
	for _, name := range names {
		if slices.ContainsFunc(files, func(f cronjob.File) bool { return f.Path == filepath.Clean(name) }) {
			continue
		}
		path := name
		if !filepath.IsAbs(name) {
			path = filepath.Join(dir, name)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, usage(err)
		}
		files = append(files, cronjob.File{Path: filepath.Clean(name), Text: string(text)})
	}
	return files, nil
}

// tracesOf are the files that the loads of an experiment's file name, as seen from a directory, from which that is seen too.
func tracesOf(dir, name string) ([]string, error) {
	file, err := loader().LoadFile(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, d := range file.Documents {
		if d.Experiment == nil {
			continue
		}
		for _, trace := range d.Experiment.Traces() {
			if !filepath.IsAbs(trace) {
				trace = filepath.Join(filepath.Dir(name), trace)
			}
			all = append(all, trace)
		}
	}
	return all, nil
}

// document writes an object as one of several in YAML, without the status that it does not have.
func document(w io.Writer, o runtime.Object) error {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return err
	}
	delete(fields, "status")
	text, err := yaml.Marshal(fields)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "---\n%s", text)
	return err
}
