package report

import (
	"cmp"
	"encoding/xml"
	"io"
	"strconv"
	"strings"
	"time"
)

// WriteJUnit writes a result for the tools that read test reports: a case for each expectation, each abort condition and
// each undo. A case fails where an expectation did, a condition came true or something is left behind; what could not be
// judged is an error. The file is never green where the run is not: an outcome that no case shows, such as an interrupt,
// has a case of its own. All names are different, for some readers keep only the first of a name.
func WriteJUnit(w io.Writer, r *Result) error {
	copied := tamed(*r, longestText)
	r = &copied
	r.Experiment.Name = cmp.Or(r.Experiment.Name, "unnamed")
	suite := junitSuite{
		Name: r.Experiment.Name, Time: decimal(length(r)), Timestamp: r.StartedAt.UTC().Format("2006-01-02T15:04:05"), Host: r.Environment.Host,
		Properties: []junitProperty{
			{"run", r.RunID}, {"promise", r.Experiment.Promise}, {"target", r.Experiment.Target}, {"verdict", string(r.Verdict)},
			{"undo", string(r.Undo)}, {"exitCode", strconv.Itoa(r.ExitCode)}, {"seed", strconv.FormatInt(r.Seed, 10)},
			{"cluster", r.Cluster.Version}, {"chaosctl", r.Environment.Version},
		},
	}
	for _, e := range r.Expectations {
		suite.add(expectationCase(r, e))
	}
	suite.Output = r.Explanation.inLines()
	tripped := false
	for _, a := range r.AbortIf {
		suite.add(abortCase(r, a))
		tripped = tripped || a.Verdict == Fail
	}
	for _, c := range undoCases(r) {
		suite.add(c)
	}
	if (r.Verdict == Aborted && !tripped) || (r.Verdict != Pass && suite.Failures+suite.Errors == 0) {
		suite.add(junitCase{Name: "run", Class: r.Experiment.Name, Time: decimal(length(r)), Error: &junitProblem{Type: string(r.Verdict), Message: Headline(r), Text: listed(r.Reasons)}})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	out := xml.NewEncoder(w)
	out.Indent("", "  ")
	if err := out.Encode(junitSuites{
		Name: "chaosctl", Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Time: suite.Time, Suites: []*junitSuite{&suite},
	}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func expectationCase(r *Result, e ExpectationResult) junitCase {
	name := e.Name
	if e.Window != "" && e.Window != "run" {
		name += " during " + e.Window // the same may be expected of several windows
	}
	c := junitCase{Name: name, Class: r.Experiment.Name, Time: decimal(r.Windows.length(e.Window))}
	found := cmp.Or(e.Observed, "nothing observed") + ", where the bound is " + cmp.Or(e.Bound, "not known")
	problem := &junitProblem{Type: e.Kind, Message: found, Text: e.Why}
	switch e.Verdict {
	case Pass:
		c.Output = found + ". " + e.Why
	case Fail:
		problem.Text = withExplanation(e.Why, r.Explanation)
		c.Failure = problem
	default:
		c.Error = problem
	}
	return c
}

// abortCase fails where the condition came true.
func abortCase(r *Result, a AbortResult) junitCase {
	c := junitCase{Name: "abortIf: " + a.Name, Class: r.Experiment.Name, Time: decimal(length(r))}
	problem := &junitProblem{Type: "abortIf", Message: a.Why, Text: a.Name}
	switch a.Verdict {
	case Pass:
		c.Output = a.Why
	case Fail:
		problem.Text = withExplanation(a.Name, r.Explanation)
		c.Failure = problem
	default:
		c.Error = problem
	}
	return c
}

// withExplanation adds to the reason of a case what broke, why, and what would have prevented it: of a failed case, most readers
// of test reports show nothing else.
func withExplanation(reason string, e *Explanation) string {
	if text := e.inLines(); text != "" {
		return strings.TrimPrefix(reason+"\n\n", "\n\n") + text
	}
	return reason
}

// mostUndos is how many undos have a case of their own; all further ones share one.
const mostUndos = 200

// undoCases are one for each change that has to be put back, and one for the undo as a whole where these do not tell it. They
// fail where something is left behind. What somebody else changed meanwhile is told, but is no failure.
func undoCases(r *Result) []junitCase {
	var cases []junitCase
	failed, beyond := false, []ChangeResult{}
	for _, c := range r.Changes {
		switch {
		case c.Undo == "none" || c.Undo == "":
		case len(cases) == mostUndos:
			beyond = append(beyond, c)
		default:
			cases = append(cases, undoOf(r, c))
			failed = failed || cases[len(cases)-1].Failure != nil
		}
	}
	if len(beyond) > 0 || len(cases) == 0 || (!failed && r.Undo != UndoClean && r.Undo != UndoDiverged) {
		cases = append(cases, undoWhole(r, beyond))
	}
	return cases
}

func undoOf(r *Result, c ChangeResult) junitCase {
	one := junitCase{Name: "undo of " + c.Fault + ": " + c.Verb + " " + objectName(c.Object), Class: r.Experiment.Name, Time: decimal(undoTook(r, c.UndoneAt))}
	switch c.Undo {
	case "undone":
		one.Output = "put back"
	case "diverged":
		one.Output = "put back, except what somebody else changed meanwhile: theirs was kept"
	default:
		one.Failure = &junitProblem{Type: string(UndoIncomplete), Message: c.Undo + ": " + undoWords(&Result{Undo: UndoIncomplete}), Text: c.Message}
	}
	return one
}

// undoWhole is the case of the undo as a whole, and of the changes that have none of their own. A run that left no word of its
// undo is an error.
func undoWhole(r *Result, beyond []ChangeResult) junitCase {
	one := junitCase{Name: "undo", Class: r.Experiment.Name, Time: decimal(undoTook(r, lastUndo(r.Changes)))}
	left := []string{}
	for _, c := range beyond {
		if c.Undo == "stuck" || c.Undo == "pending" {
			left = append(left, c.Verb+" "+objectName(c.Object)+": "+c.Undo)
		}
	}
	problem := &junitProblem{Type: cmp.Or(string(r.Undo), "unknown"), Message: undoWords(r), Text: listed(left)}
	switch {
	case r.Undo == UndoIncomplete || len(left) > 0:
		one.Failure = problem
	case r.Undo == UndoClean || r.Undo == UndoDiverged:
		one.Output = undoWords(r)
	default:
		one.Error = problem
	}
	return one
}

// undoTook is the time from the end of the fault to an undo; 0 for one that came within the fault, or never.
func undoTook(r *Result, undone time.Time) float64 {
	if r.Windows.Fault == nil || undone.IsZero() {
		return 0
	}
	return max(0, undone.Sub(r.Windows.Fault.End).Seconds())
}

// length is how long a run took, in seconds.
func length(r *Result) float64 {
	if r.EndedAt.IsZero() {
		return 0
	}
	return max(0, r.EndedAt.Sub(r.StartedAt).Seconds())
}

// length is how long a named window was open; that of the run is the sum of all.
func (w Windows) length(name string) float64 {
	total := 0.0
	for _, one := range []struct {
		name   string
		window *Window
	}{{"steady", w.Steady}, {"fault", w.Fault}, {"recovery", w.Recovery}} {
		if one.window != nil && (name == one.name || name == "run") {
			total += one.window.End.Sub(one.window.Start).Seconds()
		}
	}
	return total
}

func decimal(seconds float64) string { return fixed(seconds, 3) }

func listed(all []string) string {
	text := ""
	for _, s := range all[:min(len(all), 100)] {
		text += s + "\n"
	}
	return text
}

// The elements that the common schema of JUnit files allows, in its order.
type junitSuites struct {
	XMLName  xml.Name      `xml:"testsuites"`
	Name     string        `xml:"name,attr"`
	Tests    int           `xml:"tests,attr"`
	Failures int           `xml:"failures,attr"`
	Errors   int           `xml:"errors,attr"`
	Time     string        `xml:"time,attr"`
	Suites   []*junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Host       string          `xml:"hostname,attr,omitempty"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
	Output     string          `xml:"system-out,omitempty"`

	names map[string]int
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	c.Name = s.unique(cmp.Or(c.Name, "unnamed"))
	if c.Failure != nil {
		s.Failures++
	}
	if c.Error != nil {
		s.Errors++
	}
	s.Cases = append(s.Cases, c)
}

// unique numbers a name that is there already.
func (s *junitSuite) unique(name string) string {
	if s.names == nil {
		s.names = map[string]int{}
	}
	candidate := name
	for s.names[candidate] > 0 {
		s.names[name]++
		candidate = name + " (" + strconv.Itoa(s.names[name]) + ")"
	}
	s.names[candidate] = 1
	return candidate
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Error   *junitProblem `xml:"error"`
	Failure *junitProblem `xml:"failure"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitProblem struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}
