package truth

import (
	"fmt"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/chaosctl/chaosctl/test/internal/shop"
)

// found collects what came of each cell. It may be used by several goroutines at once.
type found struct {
	mu    sync.Mutex
	cells map[[2]string]*came
}

// came is what came of one cell, of all the times that it was tried.
type came struct {
	tried, differed int
	// as counts the outcomes by the verdict and the expectations that failed.
	as map[string]int
}

func (f *found) add(weakness, fault, as string, differs bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := [2]string{weakness, fault}
	if f.cells == nil {
		f.cells = map[[2]string]*came{}
	}
	if f.cells[key] == nil {
		f.cells[key] = &came{as: map[string]int{}}
	}
	c := f.cells[key]
	c.tried++
	c.as[as]++
	if differs {
		c.differed++
	}
}

// String is a table like that of the page: what came, with a mark where it was not expected, and how often where it was tried
// more than once.
func (f *found) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprint(w, "weakness")
	for _, column := range faults() {
		fmt.Fprintf(w, "\t %s", column.name)
	}
	fmt.Fprintln(w)
	tried, differed := 0, 0
	for _, row := range weaknesses() {
		name := shop.Name(row.overlay)
		fmt.Fprint(w, name)
		for _, column := range faults() {
			c := f.cells[[2]string{name, column.name}]
			if c == nil {
				fmt.Fprint(w, "\t ")
				continue
			}
			tried, differed = tried+c.tried, differed+c.differed
			fmt.Fprintf(w, "\t %s", c)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
	return fmt.Sprintf("%s%d tries, of which %d came out differently than expected (!)", text.String(), tried, differed)
}

func (c *came) String() string {
	var ways []string
	for as, n := range c.as {
		if c.tried > 1 {
			as = fmt.Sprintf("%s %d/%d", as, n, c.tried)
		}
		ways = append(ways, as)
	}
	text := strings.Join(ways, ", ")
	if c.differed > 0 {
		text += fmt.Sprintf(" !%d", c.differed)
	}
	return text
}
