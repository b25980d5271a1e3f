package faults

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// times are how long the parts of a case took.
type times struct {
	// set is until the stage was there, seen from the start of the run until its effect was seen, run until the run had
	// ended, and settled from then until everything was as before.
	set, seen, run, settled time.Duration
}

// table collects them. It may be used by several goroutines at once.
type table struct {
	mu   sync.Mutex
	rows []string
}

func (t *table) add(family, name string, took times) {
	t.mu.Lock()
	defer t.mu.Unlock()
	row := family + "\t" + name
	for _, d := range []time.Duration{took.set, took.seen, took.run, took.settled} {
		row += fmt.Sprintf("\t%.1f s", d.Seconds())
	}
	t.rows = append(t.rows, row)
}

func (t *table) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "family\tfault\tstage set in\teffect seen after\trun ended after\tas before after")
	for _, row := range slices.Sorted(slices.Values(t.rows)) {
		fmt.Fprintln(w, row)
	}
	_ = w.Flush()
	return text.String()
}
