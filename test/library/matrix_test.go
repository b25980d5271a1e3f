package library

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// matrix collects what came of each experiment on both shops. It may be used by several goroutines at once.
type matrix struct {
	mu   sync.Mutex
	rows map[string]*row
}

type row struct{ promise, healthy, weakness, weak string }

func (m *matrix) add(c trial, overlay string, r *outcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows == nil {
		m.rows = map[string]*row{}
	}
	if m.rows[c.experiment] == nil {
		m.rows[c.experiment] = &row{promise: r.Experiment.Promise, weakness: c.weakness}
	}
	if overlay == "" {
		m.rows[c.experiment].healthy = inShort(r)
	} else {
		m.rows[c.experiment].weak = inShort(r)
	}
}

// inShort is the verdict, the exit code and the expectations that did not hold, with what was seen.
func inShort(r *outcome) string {
	text := fmt.Sprintf("%s (%d)", r.Verdict, r.ExitCode)
	for _, e := range r.Expectations {
		if e.Verdict != report.Pass {
			text += fmt.Sprintf(" %s %s: %s", e.Kind, e.Verdict, e.Observed)
		}
	}
	return text
}

func (m *matrix) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var lines []string
	for name, r := range m.rows {
		lines = append(lines, strings.Join([]string{r.promise, name, r.healthy, r.weakness, r.weak}, "\t"))
	}
	slices.Sort(lines)
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "promise\texperiment\thealthy shop\tweakness\tshop with it")
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
	_ = w.Flush()
	return text.String()
}
