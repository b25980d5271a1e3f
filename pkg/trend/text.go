package trend

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/history"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// Style says what is written to.
type Style struct {
	// Width is the number of columns; 0 for 100.
	Width int
	// Paint, where it is not nil, gives a text the colour of a direction.
	Paint func(direction, text string) string
}

const indent = "  "

// WriteText writes trends for people: of each figure its course in characters, one column a run or several, and its changes.
func WriteText(w io.Writer, all []*Trend, style Style) error {
	if style.Width <= 0 {
		style.Width = 100
	}
	var b strings.Builder
	for i, original := range all {
		t := report.Tamed(*original)
		if i > 0 {
			b.WriteString("\n")
		}
		t.write(&b, style)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Trend) write(b *strings.Builder, style Style) {
	name := t.Experiment
	if t.Target != "" {
		name += " on " + t.Target
	}
	fmt.Fprintf(b, "%s: %s\n", name, t.span())
	phases := false
	for i := range t.Series {
		s := &t.Series[i]
		if s.Metric == history.Phase && !phases {
			phases = true
			b.WriteString("\nphases of the slowest recovery\n")
		}
		if s.Metric != history.Phase {
			b.WriteString("\n")
		}
		s.write(b, style)
	}
	b.WriteString("\n")
	if len(t.Runs) > 0 {
		b.WriteString(t.verdict() + "\n")
	}
	for _, n := range t.Notes {
		fmt.Fprintf(b, "note: %s\n", n)
	}
}

// span says how many runs there are, and of what time.
func (t *Trend) span() string {
	if len(t.Runs) == 0 {
		return "no run whose figures can be used"
	}
	day := func(r Run) string { return r.StartedAt.UTC().Format("2006-01-02") }
	text, last := "1 run", t.Runs[len(t.Runs)-1]
	if n := len(t.Runs); n > 1 {
		text = fmt.Sprintf("%d runs", n)
	}
	if first := t.Runs[0]; day(first) != day(last) {
		return text + ", " + day(first) + " to " + day(last)
	}
	return text + ", " + day(last)
}

// verdict is what was found in all series, in a sentence.
func (t *Trend) verdict() string {
	changed, able := 0, 0
	for i := range t.Series {
		if t.Series[i].Silent == "" {
			able++
		}
		if len(t.Series[i].Changes) > 0 {
			changed++
		}
	}
	switch {
	case len(t.Series) == 0:
		return "nothing was measured"
	case able == 0:
		return fmt.Sprintf("too few runs to say anything: from %d on, a change can be told from chance", t.LeastRuns)
	case changed == 0:
		return fmt.Sprintf("no change: in runs that do not change, one would be seen in %s of cases at the most", report.Percent(t.Alpha))
	}
	return fmt.Sprintf("%d of %d figures changed: in runs that do not change, one would be seen in %s of cases at the most", changed, len(t.Series), report.Percent(t.Alpha))
}

func (s *Series) write(b *strings.Builder, style Style) {
	last := s.Points[len(s.Points)-1]
	fmt.Fprintf(b, "%s%s: newest %s\n", strings.Repeat(indent, s.depth()), s.Name(), s.show(last))
	columns := s.columns(style.Width - 2*len(indent) - len(indent)*s.depth())
	inset := strings.Repeat(indent, s.depth()+1)
	low, high := s.ends()
	if low.Value != high.Value {
		fmt.Fprintf(b, "%s%s\n", inset, s.chart(columns, low.Value, high.Value))
		if marks := s.marks(columns, style); marks != "" {
			fmt.Fprintf(b, "%s%s\n", inset, marks)
		}
		fmt.Fprintf(b, "%s▁ %s  █ %s\n", inset, s.show(low), s.show(high))
	}
	for i, c := range s.Changes {
		p := fmt.Sprintf("p = %.4f", c.P)
		line := fmt.Sprintf("%s from run %s on: median %s, before that %s (%s)", c.Direction, c.RunID, s.level(i+1), s.level(i), p)
		if style.Paint != nil {
			line = style.Paint(c.Direction, line)
		}
		fmt.Fprintf(b, "%s%s\n", inset, line)
		if len(c.Beside) > 0 {
			fmt.Fprintf(b, "%sclose by changed %s\n", inset+indent, strings.Join(c.Beside, ", "))
		}
	}
	if s.Silent != "" && low.Value != high.Value && s.Metric != history.Phase {
		fmt.Fprintf(b, "%s%s\n", inset, s.Silent)
	}
}

// depth sets the phases off from what they are parts of.
func (s *Series) depth() int {
	if s.Metric == history.Phase {
		return 1
	}
	return 0
}

func (s *Series) show(p Point) string {
	return history.Figure{Metric: s.Metric, Value: p.Value, AtLeast: p.AtLeast}.String()
}

func (s *Series) level(i int) string {
	if m := s.Levels[i].Median; m != nil {
		return s.show(Point{Value: *m})
	}
	return "not known"
}

// ends are the points with the least and with the greatest value.
func (s *Series) ends() (low, high Point) {
	low, high = s.Points[0], s.Points[0]
	for _, p := range s.Points {
		if p.Value < low.Value {
			low = p
		}
		if p.Value > high.Value || p.Value == high.Value && p.AtLeast {
			high = p
		}
	}
	return low, high
}

// columns are, by the column, the indices of the first point in it, and of that after its last.
func (s *Series) columns(most int) [][2]int {
	n := len(s.Points)
	width := min(n, max(10, most))
	columns := make([][2]int, width)
	for i := range columns {
		columns[i] = [2]int{i * n / width, (i + 1) * n / width}
	}
	return columns
}

var blocks = []rune("▁▂▃▄▅▆▇█")

// chart draws the median of each column between the least and the greatest value.
func (s *Series) chart(columns [][2]int, low, high float64) string {
	var b strings.Builder
	for _, c := range columns {
		var values []float64
		for _, p := range s.Points[c[0]:c[1]] {
			values = append(values, p.Value)
		}
		share := (median(values) - low) / (high - low)
		b.WriteRune(blocks[min(len(blocks)-1, int(math.Floor(share*float64(len(blocks)))))])
	}
	return b.String()
}

// marks stand below the columns in which a change begins.
func (s *Series) marks(columns [][2]int, style Style) string {
	var b strings.Builder
	next, written := 0, 0
	for i, c := range columns {
		if next == len(s.Changes) || s.Changes[next].At >= c[1] {
			continue
		}
		b.WriteString(strings.Repeat(" ", i-written))
		mark := "▲"
		if style.Paint != nil {
			mark = style.Paint(s.Changes[next].Direction, mark)
		}
		b.WriteString(mark)
		written = i + 1
		for next < len(s.Changes) && s.Changes[next].At < c[1] {
			next++
		}
	}
	return b.String()
}
