package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// largestSummary is what GitHub takes as the summary of one step: 1 MiB. A longer one it throws away as a whole.
const largestSummary = 1 << 20

// tellActions shows a run on GitHub Actions: its summary on the page of the job, and what went wrong as annotations. Elsewhere
// it does nothing. What cannot be shown changes nothing of the outcome.
func (a *app) tellActions(m *report.Model) {
	if a.env("GITHUB_ACTIONS") != "true" {
		return
	}
	if err := report.WriteAnnotations(a.Err, &m.Result, a.repositoryFile(m.Experiment.Source)); err != nil {
		fmt.Fprintf(a.Err, "warning: the annotations could not be written: %v\n", err)
	}
	if path := a.env("GITHUB_STEP_SUMMARY"); path != "" {
		if err := appendSummary(path, m); err != nil {
			fmt.Fprintf(a.Err, "warning: the job's summary could not be written: %v\n", err)
		}
	}
}

// mostProblems is how many errors become annotations: GitHub shows ten of a step.
const mostProblems = 10

// tellActionsError shows why a command did not do what it was asked for, on GitHub Actions: each problem of a file at its line.
// It leaves out what is no error of this kind: a verdict, which has been told.
func (a *app) tellActionsError(err error) {
	if exit := new(ExitError); err == nil || a.env("GITHUB_ACTIONS") != "true" || (errors.As(err, &exit) && exit.Shown) {
		return
	}
	var problems experiment.Problems
	if !errors.As(err, &problems) {
		problems = experiment.Problems{{Message: err.Error()}}
	}
	for _, p := range problems[:min(len(problems), mostProblems)] {
		message := p.Message
		if p.Path != "" {
			message = p.Path + ": " + message
		}
		if p.Hint != "" {
			message += " (" + p.Hint + ")"
		}
		fmt.Fprintln(a.Err, report.Annotation{Level: "error", File: a.repositoryFile(p.File), Line: p.Line, Column: p.Column, Title: "chaosctl", Message: message})
	}
}

// appendSummary adds a run to the step's summary, in a sentence where there is no room for more.
func appendSummary(path string, m *report.Model) error {
	var text bytes.Buffer
	if err := report.WriteMarkdown(&text, m); err != nil {
		return err
	}
	size := int64(0)
	if info, err := os.Stat(path); err == nil {
		size = info.Size()
	}
	text.WriteString("\n")
	if size+int64(text.Len()) > largestSummary {
		text.Reset()
		fmt.Fprintf(&text, "\n- %s %s\n", m.Verdict.Sign(), report.Markdown(m.Experiment.Name+": "+report.Headline(&m.Result)))
	}
	if size+int64(text.Len()) > largestSummary {
		return fmt.Errorf("%s is full", path)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := file.Write(text.Bytes()); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// repositoryFile is the path of a file within the checked-out repository, as annotations name it; empty for anything else.
func (a *app) repositoryFile(source string) string {
	workspace := a.env("GITHUB_WORKSPACE")
	info, err := os.Stat(source)
	if workspace == "" || err != nil || info.IsDir() {
		return ""
	}
	full, err := filepath.Abs(source)
	if err != nil {
		return ""
	}
	relative, err := filepath.Rel(workspace, full)
	if err != nil || relative == ".." || strings.HasPrefix(relative, ".."+string(filepath.Separator)) {
		return ""
	}
	return filepath.ToSlash(relative)
}
