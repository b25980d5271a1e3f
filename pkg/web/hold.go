package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// Hold is an experiment that waits for a person's go.
type Hold struct {
	// ID is unique among those that wait here.
	ID, GameDay, Experiment, Target string
	// Until is when its patience ends.
	Until time.Time
	// Approve gives the go.
	Approve func(ctx context.Context, by string) error
}

// Hold puts one on the board, until the function that it returns is called.
func (b *Board) Hold(h Hold) (over func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holds[h.ID] = h
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.holds, h.ID)
	}
}

// waiting are the holds, in the order of their names.
func (b *Board) waiting() []Hold {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Hold
	for _, h := range b.holds {
		h.ID, h.GameDay, h.Experiment, h.Target = report.Tamed(h.ID), report.Tamed(h.GameDay), report.Tamed(h.Experiment), report.Tamed(h.Target)
		all = append(all, h)
	}
	slices.SortFunc(all, func(x, y Hold) int { return cmp.Compare(x.ID, y.ID) })
	return all
}

// approve gives the go to a hold.
func (s *Site) approve(w http.ResponseWriter, r *http.Request) {
	id := r.PostFormValue("hold")
	all := s.Board.waiting()
	i := slices.IndexFunc(all, func(h Hold) bool { return h.ID == id })
	if i < 0 {
		http.Error(w, "it does not wait any more", http.StatusConflict)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if err := all[i].Approve(ctx, visitorOf(r).name); err != nil {
		http.Error(w, "it could not be approved: "+err.Error(), http.StatusConflict)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
