package report

import (
	"cmp"
	"encoding/xml"
	"io"
	"strconv"
)

// WriteJUnit writes a result for the tools that read test reports: a case for each expectation and one for the undo.
// A case fails where an expectation did; what could not be judged is an error. The file is never green where the run
// is not: an outcome that no expectation shows, such as an abort, has a case of its own.
func WriteJUnit(w io.Writer, r *Result) error {
	copied := tamed(*r, longestText)
	r = &copied
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
	suite.add(undoCase(r))
	if r.Verdict == Aborted || (r.Verdict != Pass && suite.Failures+suite.Errors == 0) {
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
	c := junitCase{Name: e.Name, Class: r.Experiment.Name, Time: decimal(r.Windows.length(e.Window))}
	found := cmp.Or(e.Observed, "nothing observed") + ", where the bound is " + cmp.Or(e.Bound, "not known")
	problem := &junitProblem{Type: e.Kind, Message: found, Text: e.Why}
	switch e.Verdict {
	case Pass:
		c.Output = found + ". " + e.Why
	case Fail:
		c.Failure = problem
	default:
		c.Error = problem
	}
	return c
}

// undoCase fails where something is left behind. What somebody else changed meanwhile is told, but is no failure.
func undoCase(r *Result) junitCase {
	c := junitCase{Name: "undo", Class: r.Experiment.Name, Time: decimal(undoTook(r))}
	switch r.Undo {
	case UndoClean, UndoDiverged:
		c.Output = undoWords(r)
	default:
		left := []string{}
		for _, change := range r.Changes {
			if change.Undo == "stuck" || change.Undo == "pending" {
				left = append(left, change.Verb+" "+objectName(change.Object)+": "+change.Undo)
			}
		}
		c.Failure = &junitProblem{Type: string(r.Undo), Message: undoWords(r), Text: listed(left)}
	}
	return c
}

// undoTook is the time from the end of the fault to the last undo.
func undoTook(r *Result) float64 {
	if r.Windows.Fault == nil {
		return 0
	}
	return max(0, lastUndo(r.Changes).Sub(r.Windows.Fault.End).Seconds())
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
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Error != nil {
		s.Errors++
	}
	s.Cases = append(s.Cases, c)
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
