package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"
)

// table counts outcomes. It may be used by several goroutines at once.
type table struct {
	mu     sync.Mutex
	counts map[string]map[outcome]int
	lines  []string
}

var columns = []outcome{restored, nothingToDo, diverged, notReached, leftover, lost, different, unmarkedOnce, other}

func (t *table) add(e example, found *finding) {
	row := fmt.Sprintf("%s\t%s", e.fixture.name, e.foreign)
	if e.recovery.Request > 0 {
		row += ", recover killed"
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]map[outcome]int{}
	}
	if t.counts[row] == nil {
		t.counts[row] = map[outcome]int{}
	}
	t.counts[row][found.outcome]++
	t.lines = append(t.lines, fmt.Sprintf("%s\t%s", e, found.outcome))
}

// String has a row for each fault and what others did, and a column for each outcome.
func (t *table) String() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "fault\tothers\tpoints")
	for _, c := range columns {
		fmt.Fprintf(w, "\t%s", c)
	}
	fmt.Fprintln(w)
	rows := make([]string, 0, len(t.counts))
	for row := range t.counts {
		rows = append(rows, row)
	}
	slices.Sort(rows)
	for _, row := range rows {
		t.row(w, row, t.counts[row])
	}
	total := map[outcome]int{}
	for _, c := range columns {
		total[c] = t.total(c)
	}
	t.row(w, "all\t", total)
	_ = w.Flush()
	return text.String()
}

func (t *table) row(w *tabwriter.Writer, name string, counts map[outcome]int) {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	fmt.Fprintf(w, "%s\t%d", name, sum)
	for _, c := range columns {
		fmt.Fprintf(w, "\t%d", counts[c])
	}
	fmt.Fprintln(w)
}

// total is how many points had an outcome.
func (t *table) total(of outcome) int {
	sum := 0
	for _, row := range t.counts {
		sum += row[of]
	}
	return sum
}

// write logs the table, and keeps it with every single point, as `go test -artifacts` does.
func (t *table) write(test *testing.T) {
	test.Helper()
	test.Logf("what became of the points:\n%s", t)
	slices.Sort(t.lines)
	for name, text := range map[string]string{"table.txt": t.String(), "points.txt": strings.Join(t.lines, "\n") + "\n"} {
		require.NoError(test, os.WriteFile(filepath.Join(test.ArtifactDir(), name), []byte(text), 0o600))
	}
}
