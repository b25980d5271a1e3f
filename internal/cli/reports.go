package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/pkg/report"
)

func (a *app) report() *cobra.Command {
	return &cobra.Command{
		Use:   "report DIR",
		Short: "Make the reports of a run again, from what it left in its directory",
		Long: `report folds a run's event log and samples into result.json, report.html, junit.xml and summary.md. It works for a run
that was killed as well: what was recorded by then is in the report.

Of a directory with several runs it makes the index, index.html: of each experiment on each workload, the newest run.`,
		Example: `  chaosctl report chaosctl-runs/20260102-150405-pod-kill-ab12
  chaosctl report chaosctl-runs`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := os.Stat(filepath.Join(args[0], report.EventsFile)); errors.Is(err, fs.ErrNotExist) {
				return a.index(args[0])
			}
			result, err := a.writeReports(args[0])
			if exit := new(ExitError); errors.As(err, &exit) {
				return err
			}
			if err != nil {
				return usage(err)
			}
			return exitWith(result.ExitCode)
		},
	}
}

// writeReports makes all files of a report from the record in dir, and prints the summary. Where a file cannot be
// written, the exit code of the run is kept if that is worse.
func (a *app) writeReports(dir string) (*report.Result, error) {
	model, err := report.Build(dir, loader())
	if err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"result.json", func(w io.Writer) error { return writeJSON(w, &model.Result) }},
		{"report.html", func(w io.Writer) error { return report.WriteHTML(w, model) }},
		{"junit.xml", func(w io.Writer) error { return report.WriteJUnit(w, &model.Result) }},
		{"summary.md", func(w io.Writer) error { return report.WriteMarkdown(w, model) }},
	} {
		if err := writeFile(filepath.Join(dir, f.name), f.write); err != nil {
			return nil, &ExitError{
				Code: worseCode(report.ExitInternal, model.ExitCode), Err: fmt.Errorf("cannot write %s: %w", f.name, err),
				Hint: "the record is complete: chaosctl report " + dir + " makes the reports again",
			}
		}
	}
	a.tellActions(model)
	err = report.WriteText(a.Out, &model.Result, report.Style{Color: colours(a.Out), Width: width(a.Out)})
	if err != nil && !errors.Is(err, syscall.EPIPE) { // a reader that has seen enough changes nothing of the outcome
		return nil, err
	}
	fmt.Fprintf(a.Out, "Report:  %s\n", filepath.Join(dir, "report.html"))
	if next := nextStep(dir, &model.Result); next != "" {
		fmt.Fprintf(a.Out, "Next:    %s\n", next)
	}
	return &model.Result, nil
}

// nextStep says what to do after a run that did not simply pass.
func nextStep(dir string, r *report.Result) string {
	switch r.ExitCode {
	case report.ExitPass:
		return ""
	case report.ExitUndoIncomplete:
		return "put back what is left by the commands in the table of changes; the originals are in " + filepath.Join(dir, report.JournalFile)
	case report.ExitFail:
		return "open the report: it says what broke, when, and how long each phase of the recovery took"
	}
	if r.Verdict == report.Aborted {
		return "open the report: it shows what was recorded until the run was stopped"
	}
	return "open the report: it says what could not be measured, and why"
}

func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// writeFile replaces a file as a whole, so that a reader never sees half of it.
func writeFile(path string, write func(io.Writer) error) error {
	var buffer bytes.Buffer
	if err := write(&buffer); err != nil {
		return err
	}
	temporary := path + ".tmp"
	if err := os.WriteFile(temporary, buffer.Bytes(), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
