package truth

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/test/internal/binary"
	"github.com/chaosctl/chaosctl/test/internal/shop"
)

// table is what is expected, by the names of the weakness and of the fault.
type table map[string]map[string]expected

// readTable reads the table of the page, which is the first there whose head begins with the weakness.
func readTable(t *testing.T) table {
	t.Helper()
	page := binary.Content(t, filepath.Join(binary.Repository(), "docs", "truth-table.md"))
	var columns []string
	read := table{}
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case columns == nil && cells[0] == "weakness":
			columns = cells
		case columns == nil || strings.HasPrefix(cells[0], "---"):
		case len(cells) < 2:
			return read // the end of the table
		default:
			require.Len(t, cells, len(columns), "%s", line)
			read[cells[0]] = map[string]expected{}
			for i, text := range cells[1:] {
				e, err := parseExpected(text)
				require.NoError(t, err, "%s, %s", cells[0], columns[i+1])
				read[cells[0]][columns[i+1]] = e
			}
		}
	}
	return read
}

// TestTable proves that the table has a cell for each weakness and fault and none for another, is as large as is promised, finds
// each weakness, and expects nothing of the healthy shop but to pass.
func TestTable(t *testing.T) {
	expects := readTable(t)
	require.Len(t, expects, len(weaknesses()))
	require.Greater(t, len(expects), 12, "twelve weaknesses and the healthy shop")
	require.GreaterOrEqual(t, len(faults()), 12)
	bold, finds := 0, map[string]int{}
	for _, w := range weaknesses() {
		row := expects[shop.Name(w.overlay)]
		require.Len(t, row, len(faults()), "the row of %s", shop.Name(w.overlay))
		found := 0
		for _, f := range faults() {
			require.Contains(t, row, f.name)
			e := row[f.name]
			if e.bold {
				bold++
				assert.False(t, f.nodes, "%s: the part has no nodes to spare", f.name)
			}
			if e.word != "pass" {
				found++
				finds[f.name]++
			}
		}
		if w.overlay == "" {
			assert.Zero(t, found, "the healthy shop passes")
		} else {
			assert.Equal(t, w.hidden, found == 0, "no fault finds %s, or one does that was not to", w.overlay)
		}
	}
	for _, f := range faults() {
		assert.NotZero(t, finds[f.name], "%s finds nothing", f.name)
	}
	assert.GreaterOrEqual(t, bold, 24)
}
