package history

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// Style says what is written to.
type Style struct {
	// Width is the number of columns of a terminal; 0 where what is written is no terminal, so that a run is always one line.
	Width int
	// Dim, where it is not nil, makes text weigh less.
	Dim func(string) string
}

// gap is what is between two columns.
const gap = "  "

// WriteText writes runs as a table, whose paths begin with the directory that holds them all. Where a terminal is too narrow for
// one line a run, those below have what the first has no room for, and names are cut. A path is never cut.
func WriteText(w io.Writer, out string, runs []Run, style Style) error {
	header := []string{"STARTED (UTC)", "EXPERIMENT", "PROMISE", "TARGET", "VERDICT", "AVAILABLE", "OUTAGE", "RECOVERY", "UNDO", "REPORT"}
	rows := make([][]string, len(runs))
	for i, r := range runs {
		r = report.Tamed(r)
		rows[i] = []string{
			r.started(), r.Experiment, cmp.Or(r.Promise, "–"), cmp.Or(r.Target, "–"), r.Verdict.Sign() + " " + string(r.Verdict),
			r.show(Availability), r.show(Outage), r.show(Recovery), cmp.Or(string(r.Undo), "–"), filepath.Join(out, r.Dir),
		}
	}
	if style.Width == 0 || total(widths(header, rows)) <= style.Width {
		return writeRows(w, header, rows, nil)
	}
	return writeNarrow(w, header, rows, style)
}

// Which cells of a row stand on its first line where there are several, and which on the second.
var firstLine, secondLine = []int{0, 1, 4, 5, 6, 7}, []int{8, 2, 3}

// leastName is what is always left of the name of an experiment.
const leastName = 8

func writeNarrow(w io.Writer, header []string, rows [][]string, style Style) error {
	head, short, below := picked(header, firstLine), make([][]string, len(rows)), make([]string, len(rows))
	sameLine := true
	for i, row := range rows {
		short[i] = picked(row, firstLine)
		below[i] = gap + strings.Join(picked(row, secondLine), gap)
		sameLine = sameLine && utf8.RuneCountInString(below[i]+gap+row[9]) <= style.Width
	}
	for i, row := range rows {
		if sameLine {
			below[i] += gap + row[9]
		} else {
			below[i] += "\n" + gap + row[9]
		}
		if style.Dim != nil {
			below[i] = style.Dim(below[i])
		}
	}
	wide := widths(head, short)
	room := max(leastName, wide[1]-max(0, total(wide)-style.Width))
	for _, row := range short {
		row[1] = cut(row[1], room)
	}
	return writeRows(w, head, short, below)
}

func picked(row []string, which []int) []string {
	cells := make([]string, len(which))
	for i, n := range which {
		cells[i] = row[n]
	}
	return cells
}

// writeRows writes a table; below each row that of after, if any.
func writeRows(w io.Writer, header []string, rows [][]string, after []string) error {
	wide := widths(header, rows)
	line := func(row []string) string {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", wide[i]-utf8.RuneCountInString(cell)) + gap)
			}
		}
		return b.String()
	}
	if _, err := fmt.Fprintln(w, line(header)); err != nil {
		return err
	}
	for i, row := range rows {
		text := line(row)
		if after != nil {
			text += "\n" + after[i]
		}
		if _, err := fmt.Fprintln(w, text); err != nil {
			return err
		}
	}
	return nil
}

func widths(header []string, rows [][]string) []int {
	wide := make([]int, len(header))
	for i, cell := range header {
		wide[i] = utf8.RuneCountInString(cell)
	}
	for _, row := range rows {
		for i, cell := range row {
			wide[i] = max(wide[i], utf8.RuneCountInString(cell))
		}
	}
	return wide
}

func total(widths []int) int {
	sum := len(gap) * (len(widths) - 1)
	for _, w := range widths {
		sum += w
	}
	return sum
}

// cut shortens a name to so many characters.
func cut(s string, room int) string {
	if r := []rune(s); len(r) > room {
		return string(r[:room-1]) + "…"
	}
	return s
}

func (r *Run) started() string {
	if r.StartedAt.IsZero() {
		return "–"
	}
	return r.StartedAt.UTC().Format("2006-01-02 15:04")
}

// show writes the worst figure of a metric.
func (r *Run) show(m Metric) string {
	f, ok := r.Worst(m)
	if !ok {
		return "–"
	}
	return f.String()
}

// String is the value with its unit.
func (f Figure) String() string {
	text := report.Seconds(f.Value)
	if f.Metric == Availability {
		text = report.Percent(f.Value)
	}
	if f.AtLeast {
		text = "≥ " + text
	}
	return text
}
