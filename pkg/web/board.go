package web

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// Board is what is known of game days and of runs under way. Its methods may be called by several goroutines at once.
type Board struct {
	mu     sync.Mutex
	days   []Day
	broken []Broken
	leads  bool
	runs   map[string]*Live
	holds  map[string]Hold
}

// Day is a game day that is in force.
type Day struct {
	Name, File string
	// When is its schedule in the words of its file; Zone is where its clocks are.
	When, Zone  string
	Experiments []string
	// Next says when it runs next after an instant, and what else there is to say of that.
	Next func(now time.Time) Next
}

// Next is the next run of a game day.
type Next struct {
	// At is zero where no run is left. Local is the same instant by the clocks of the game day.
	At, Local time.Time
	// Skipped says which runs before it are left out, and why; empty where none are.
	Skipped string
}

// Broken is a file of game days that is not in force as it stands.
type Broken struct{ File, Why string }

// NewBoard is a board that knows nothing yet.
func NewBoard() *Board { return &Board{runs: map[string]*Live{}, holds: map[string]Hold{}} }

// Serves is told which game days are in force, and which files are broken.
func (b *Board) Serves(days []Day, broken []Broken) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.days, b.broken = days, broken
}

// Leads is told whether this replica is the one that runs game days.
func (b *Board) Leads(leads bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.leads = leads
}

// Follow puts a run on the board that is about to begin, as a sink of its events. Live counts its requests. The run leaves
// the board when the function that comes with it is called.
func (b *Board) Follow(id, gameDay string, clock event.Clock, requests *load.Live) (event.Sink, func()) {
	l := newLive(id, gameDay, clock, requests)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.runs[id] = l
	return l, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.runs, id)
		l.leave()
	}
}

// known is all that the board holds at an instant.
type known struct {
	Days   []Day
	Broken []Broken
	Leads  bool
	Runs   []*Live
}

func (b *Board) known() known {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := known{Days: slices.Clone(b.days), Broken: slices.Clone(b.broken), Leads: b.leads, Runs: slices.Collect(maps.Values(b.runs))}
	slices.SortFunc(k.Runs, func(x, y *Live) int { return cmp.Compare(x.id, y.id) })
	return k
}

// run is one under way; nil where there is none.
func (b *Board) run(id string) *Live {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.runs[id]
}
