package report

import (
	"cmp"
	"io"
	"strconv"
	"strings"
)

// Annotation is a remark that GitHub Actions shows on the page of a job, and at a line of a file.
type Annotation struct {
	// Level is error or warning.
	Level string
	// File is relative to the repository; empty for none. Line and Column count from 1; 0 for none.
	File           string
	Line, Column   int
	Title, Message string
}

// String is the workflow command, in one line.
func (a Annotation) String() string {
	var properties []string
	if a.File != "" {
		properties = append(properties, "file="+commandProperty(a.File))
		if a.Line > 0 {
			properties = append(properties, "line="+strconv.Itoa(a.Line))
		}
		if a.Line > 0 && a.Column > 0 {
			properties = append(properties, "col="+strconv.Itoa(a.Column))
		}
	}
	properties = append(properties, "title="+commandProperty(printable(a.Title, 200)))
	return "::" + a.Level + " " + strings.Join(properties, ",") + "::" + commandData(printable(a.Message, longestAnnotation))
}

// longestAnnotation is how many runes of a message are shown.
const longestAnnotation = 2 * longestText

// mostAnnotations is how many annotations a run gets at the most. GitHub shows ten of each level for a step.
const mostAnnotations = 10

// WriteAnnotations writes what went wrong as workflow commands of GitHub Actions, the weightiest first: errors for what is not
// put back, an abort and what failed, warnings for what is unknown. A run that passed gets none. File is the experiment's,
// relative to the repository, which the annotations are then shown at; it may be empty.
func WriteAnnotations(w io.Writer, original *Result, file string) error {
	r := tamed(*original, longestText)
	var lines []string
	say := func(level, title, message string) {
		lines = append(lines, Annotation{Level: level, File: file, Title: title, Message: message}.String())
	}
	name := cmp.Or(r.Experiment.Name, "unnamed experiment")
	if r.Undo != UndoClean && r.Undo != UndoDiverged {
		say("error", name+": not put back", undoWords(&r))
	}
	if r.Verdict != Pass {
		say(level(r.Verdict), name, Headline(&r))
		for _, l := range r.Explanation.lines() {
			headline := &lines[len(lines)-1]
			*headline += commandData("\n" + l.Name + ": " + printable(l.Value, longestText))
		}
	}
	for _, failed := range []bool{true, false} {
		for _, e := range r.Expectations {
			if e.Verdict != Pass && (e.Verdict == Fail) == failed {
				say(level(e.Verdict), name+": "+e.Name, cmp.Or(e.Observed, "nothing observed")+", where the bound is "+cmp.Or(e.Bound, "not known")+". "+e.Why)
			}
		}
	}
	if r.Undo == UndoDiverged {
		say("warning", name+": put back in part", undoWords(&r))
	}
	for _, line := range lines[:min(len(lines), mostAnnotations)] {
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func level(v Verdict) string {
	if v == Fail || v == Aborted {
		return "error"
	}
	return "warning"
}

// commandData writes a text so that it ends no command and begins none.
func commandData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// commandProperty is commandData for the value of a property.
func commandProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
