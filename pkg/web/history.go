package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/history"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// mostRows is how many runs the page of the history shows.
const mostRows = 200

// historyPage is what the page of the history shows.
type historyPage struct {
	Filter   filter
	Verdicts []report.Verdict
	Promises []string
	Days     []string
	Spans    []span
	Rows     []historyRow
	More     int
	Trouble  string
}

// filter is what the form chooses.
type filter struct{ Verdict, Promise, GameDay, Experiment, Since string }

// span is a length of time that the form offers.
type span struct {
	Key, Words string
	length     time.Duration
}

func spans() []span {
	return []span{{"", "any time", 0}, {"24h", "the last day", 24 * time.Hour}, {"7d", "the last week", 7 * 24 * time.Hour},
		{"30d", "the last 30 days", 30 * 24 * time.Hour}, {"365d", "the last year", 365 * 24 * time.Hour}}
}

// historyRow is a run that is over.
type historyRow struct {
	history.Run
	Report                         string
	Availability, Outage, Recovery string
	NotPutBack                     bool
}

func rowOf(original *history.Run) historyRow {
	r := report.Tamed(*original)
	row := historyRow{Run: r, Report: reportOf(original.Dir), NotPutBack: r.Undo != report.UndoClean && r.Undo != report.UndoDiverged}
	for metric, text := range map[history.Metric]*string{history.Availability: &row.Availability, history.Outage: &row.Outage, history.Recovery: &row.Recovery} {
		*text = "–"
		if f, ok := r.Worst(metric); ok {
			*text = report.Unbroken(f.String())
		}
	}
	return row
}

// reportOf is where the report of a run is served.
func reportOf(dir string) string { return "/runs/" + url.PathEscape(dir) + "/report.html" }

func (s *Site) history(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	f := filter{asked.Get("verdict"), asked.Get("promise"), asked.Get("gameday"), asked.Get("experiment"), asked.Get("since")}
	p := historyPage{
		Filter: f, Verdicts: []report.Verdict{report.Pass, report.Fail, report.Unknown, report.Aborted}, Promises: report.Promises(), Spans: spans(),
	}
	q := history.Query{Verdict: report.Verdict(f.Verdict), Promise: f.Promise, GameDay: f.GameDay, Experiment: f.Experiment}
	for _, each := range p.Spans {
		if each.Key == f.Since && each.length > 0 {
			q.Since = time.Now().Add(-each.length)
		}
	}
	runs, err := s.Runs(r.Context(), q)
	if err != nil {
		p.Trouble = err.Error()
	}
	p.More = max(0, len(runs)-mostRows)
	for i := len(runs) - 1; i >= p.More; i-- {
		p.Rows = append(p.Rows, rowOf(&runs[i]))
	}
	for _, d := range s.Board.known().Days {
		p.Days = append(p.Days, d.Name)
	}
	slices.Sort(p.Days)
	s.page(w, r, "history.html", view{Title: cmp.Or(f.Experiment, "History"), Data: p})
}
