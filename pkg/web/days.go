package web

import (
	"context"
	"net/http"
	"time"

	"github.com/chaosctl/chaosctl/pkg/history"
	"github.com/chaosctl/chaosctl/pkg/killswitch"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// newest is how many runs that are over the first page shows.
const newest = 10

// daysPage is what the first page shows.
type daysPage struct {
	Leads   bool
	Broken  []Broken
	Live    []State
	Holds   []Hold
	Days    []dayRow
	Last    []historyRow
	Trouble string
	// Order is the stop in force, and Unknown why that cannot be told. Stops says that the page can order one.
	Order   *killswitch.Order
	Unknown string
	Stops   bool
}

// dayRow is a game day with when it runs, and what became of its last run.
type dayRow struct {
	Day
	Next Next
	Last *historyRow
}

func (s *Site) days(w http.ResponseWriter, r *http.Request) {
	known := s.Board.known()
	p := daysPage{Leads: known.Leads, Broken: report.Tamed(known.Broken), Holds: s.Board.waiting()}
	for _, l := range known.Runs {
		p.Live = append(p.Live, l.State())
	}
	runs, err := s.Runs(r.Context(), history.Query{Last: 200})
	if err != nil {
		p.Trouble = err.Error()
	}
	now := time.Now()
	for _, d := range known.Days {
		row := dayRow{Day: d, Next: d.Next(now)}
		for i := len(runs) - 1; i >= 0 && row.Last == nil; i-- {
			if runs[i].GameDay == d.Name {
				found := rowOf(&runs[i])
				row.Last = &found
			}
		}
		p.Days = append(p.Days, row)
	}
	for i := len(runs) - 1; i >= 0 && len(p.Last) < newest; i-- {
		p.Last = append(p.Last, rowOf(&runs[i]))
	}
	if s.Switch != nil {
		p.Stops = true
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		if p.Order, err = s.Switch.Order(ctx); err != nil {
			p.Unknown = err.Error()
		}
	}
	s.page(w, r, "days.html", view{Title: "Game days", Data: p})
}

// patience is how long a page waits for the cluster.
const patience = 3 * time.Second

// stop orders the stop of all runs.
func (s *Site) stop(w http.ResponseWriter, r *http.Request) {
	if s.Switch == nil {
		http.Error(w, "this page has no access to the cluster", http.StatusNotFound)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if err := s.Switch.Stop(ctx, visitorOf(r).name, r.PostFormValue("reason")); err != nil {
		http.Error(w, "the stop could not be ordered: "+err.Error(), http.StatusBadGateway)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// live is the page of a run under way. Of one that is over, it leads to the report.
func (s *Site) live(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("run")
	l := s.Board.run(id)
	if l == nil {
		http.Redirect(w, r, reportOf(id), http.StatusSeeOther)
		return
	}
	state := l.State()
	s.page(w, r, "live.html", view{Title: state.Experiment + ", under way", Live: id, Data: state})
}
