package report

import (
	"cmp"
	"embed"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"
)

//go:embed page/suite.html
var suiteFiles embed.FS

// IndexFile is the page of a suite, in the directory that holds its runs.
const IndexFile = "index.html"

// Suite is several experiments and what became of them.
type Suite struct {
	// Name is what the suite is called: "game day shop". It may be empty.
	Name string
	// Version is that of the program.
	Version string
	Entries []SuiteEntry
}

// SuiteEntry is one experiment of a suite. Without a verdict it was not run.
type SuiteEntry struct {
	Experiment, Promise string
	// Target is the workload under test as namespace/kind/name.
	Target  string
	Verdict Verdict
	Undo    UndoState
	// ExitCode is that of the run, or of what kept it from being run.
	ExitCode int
	// Dir is the directory of the run, relative to that of the page; empty where it was not run.
	Dir       string
	StartedAt time.Time
	// Why is the outcome in a sentence, or why there is none.
	Why string
}

// EntryOf is the entry of a run whose directory is dir.
func EntryOf(r *Result, dir string) SuiteEntry {
	return SuiteEntry{
		Experiment: r.Experiment.Name, Promise: r.Experiment.Promise, Target: r.Experiment.Target, Verdict: r.Verdict, Undo: r.Undo,
		ExitCode: r.ExitCode, Dir: dir, StartedAt: r.StartedAt, Why: Headline(r),
	}
}

// Promises are the five that Kubernetes makes to a workload, in the order in which they are shown.
func Promises() []string {
	return []string{"self-healing", "scaling", "rollout", "load-balancing", "configuration"}
}

// mostSuiteRows is how many workloads, and how many runs, the page of a suite shows.
const mostSuiteRows = 300

// suitePage is what the template sees.
type suitePage struct {
	Suite
	Verdict   Verdict
	Columns   []string
	Workloads []suiteRow
	Runs      []suiteRun
	// MoreWorkloads and MoreRuns are how many the page leaves out.
	MoreWorkloads, MoreRuns int
	Judged, Cells           int
}

// suiteRow is a workload with a cell for each column.
type suiteRow struct {
	Target string
	Cells  []suiteCell
}

// Parts are those of the target, between which a line may break.
func (r suiteRow) Parts() []string { return strings.Split(r.Target, "/") }

type suiteCell struct {
	Promise string
	Runs    []suiteRun
}

// suiteRun is an entry as it is shown.
type suiteRun struct{ SuiteEntry }

// WriteSuite writes the page of a suite: the five promises by the workloads, each cell with its runs, linked to their reports. A
// cell that no run has tested is shown as such.
func WriteSuite(w io.Writer, original *Suite) error {
	p := newSuitePage(tamed(*original, 300))
	frame := Frame{Title: string(p.Verdict) + ": " + p.Title(), Kind: "suite", Verdict: p.Verdict, Version: p.Version}
	return frame.Page(w, suiteFiles, "suite.html", p)
}

func newSuitePage(s Suite) *suitePage {
	p := &suitePage{Suite: s, Verdict: s.verdict(), Columns: Promises()}
	at := map[string]int{}
	var rows []suiteRow
	for _, e := range s.Entries {
		if !slices.Contains(p.Columns, e.Promise) && !slices.Contains(p.Columns, otherPromise) {
			p.Columns = append(p.Columns, otherPromise)
		}
	}
	for _, e := range s.Entries {
		row, known := at[e.Target]
		if !known {
			row = len(rows)
			at[e.Target] = row
			rows = append(rows, suiteRow{Target: cmp.Or(e.Target, "no workload")})
			for _, promise := range p.Columns {
				rows[row].Cells = append(rows[row].Cells, suiteCell{Promise: promise})
			}
		}
		column := slices.Index(p.Columns, e.Promise)
		if column < 0 {
			column = len(p.Columns) - 1
		}
		cell := &rows[row].Cells[column]
		cell.Runs = append(cell.Runs, suiteRun{e})
		p.Runs = append(p.Runs, suiteRun{e})
	}
	for _, row := range rows {
		for _, cell := range row.Cells[:len(Promises())] {
			p.Cells++
			if slices.ContainsFunc(cell.Runs, suiteRun.Judged) {
				p.Judged++
			}
		}
	}
	p.Workloads, p.MoreWorkloads = rows[:min(len(rows), mostSuiteRows)], max(0, len(rows)-mostSuiteRows)
	p.MoreRuns = max(0, len(p.Runs)-mostSuiteRows)
	p.Runs = p.Runs[:len(p.Runs)-p.MoreRuns]
	for _, row := range p.Workloads {
		for i := range row.Cells {
			row.Cells[i].Runs = row.Cells[i].Runs[:min(len(row.Cells[i].Runs), 20)]
		}
	}
	return p
}

// otherPromise is the column of what names none of the five.
const otherPromise = "other"

// verdict is the worst of all entries; what was not run is unknown.
func (s *Suite) verdict() Verdict {
	order := []Verdict{Pass, Unknown, Aborted, Fail}
	worst := 0
	for _, e := range s.Entries {
		worst = max(worst, max(slices.Index(order, e.Verdict), 0))
		if !slices.Contains(order, e.Verdict) {
			worst = max(worst, slices.Index(order, Unknown))
		}
	}
	if len(s.Entries) == 0 {
		return Unknown
	}
	return order[worst]
}

// Title names the suite.
func (p *suitePage) Title() string { return cmp.Or(p.Name, plural(len(p.Entries), "experiment")) }

// Headline is the outcome in a sentence.
func (p *suitePage) Headline() string {
	counts := map[string]int{}
	for _, e := range p.Entries {
		switch {
		case !(suiteRun{e}).Ran():
			counts["not run"]++
		default:
			counts[verdictView{e.Verdict}.Word()]++
		}
	}
	words := []struct{ key, word string }{{"fail", "failed"}, {"aborted", "aborted"}, {"unknown", "unknown"}, {"not run", "not run"}, {"pass", "passed"}}
	var parts []string
	for _, w := range words {
		if counts[w.key] > 0 {
			parts = append(parts, count(counts[w.key])+" "+w.word)
		}
	}
	if len(parts) == 0 {
		return "Unknown: no experiment was run"
	}
	return p.Verdict.said() + ": of " + plural(len(p.Entries), "experiment") + ", " + strings.Join(parts, ", ")
}

// Left is how many runs have not put everything back.
func (p *suitePage) Left() int {
	n := 0
	for _, e := range p.Entries {
		if (suiteRun{e}).NotPutBack() {
			n++
		}
	}
	return n
}

// All is how many workloads there are.
func (p *suitePage) All() int { return len(p.Workloads) + p.MoreWorkloads }

// Ran says whether there is a run.
func (r suiteRun) Ran() bool { return r.Dir != "" }

// Judged says whether the run came to a verdict.
func (r suiteRun) Judged() bool {
	return r.Ran() && slices.Contains([]Verdict{Pass, Fail, Aborted}, r.Verdict)
}

// Words is why, with numbers and their units on one line.
func (r suiteRun) Words() string { return spelled(r.Why) }

// NotPutBack says whether something of the run is left.
func (r suiteRun) NotPutBack() bool { return r.Ran() && r.Undo != UndoClean && r.Undo != UndoDiverged }

// Link is the report of the run, relative to the page.
func (r suiteRun) Link() string {
	var parts []string
	for _, part := range strings.Split(r.Dir, "/") {
		parts = append(parts, url.PathEscape(part))
	}
	return "./" + strings.Join(parts, "/") + "/report.html"
}
