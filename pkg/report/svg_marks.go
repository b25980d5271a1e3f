package report

import (
	"cmp"
	"slices"
)

// cluster is one or more marks of a kind that are too close to be told apart.
type cluster struct {
	kind  string
	x, y  float64
	texts []string
	// short stands for the text of the only mark where there is no room for that.
	short string
}

const (
	markRow = 17.0
	// labelRows hold labels; a mark for which they have no room goes below them, where its glyph covers none.
	labelRows = 5
	// crowd is how many clusters are too many for long labels, and for any to what merely had to wait.
	crowd = 6
	// glyph is the room that the sign of a mark takes on each side.
	glyph = 10.0
	// longestLabel is how many runes a label has where there is room.
	longestLabel = 44
)

// clusters merges marks that would cover each other, and gives each a row so that no two labels overlap.
func (t *chart) clusters() []cluster {
	marks := slices.Clone(t.model.Marks)
	slices.SortStableFunc(marks, func(a, b Mark) int { return cmp.Compare(a.At, b.At) })
	var out []cluster
	for _, m := range marks {
		if !t.shows(m.At, m.At) {
			continue
		}
		x, kind := t.instant(m.At), markClass(m.Kind)
		near := slices.IndexFunc(out, func(c cluster) bool { return c.kind == kind && x-c.x < 12 })
		if near < 0 {
			out = append(out, cluster{kind: kind, x: x, short: m.Short})
			near = len(out) - 1
		}
		out[near].texts = append(out[near].texts, m.Text)
	}
	rows := t.rows(out)
	for i := range out {
		out[i].y = float64(rows[i].row)*markRow + 8
	}
	return out
}

// place is where the label of a cluster goes; one without text is only a glyph.
type place struct {
	row  int
	text string
	end  bool // the label ends at the mark instead of beginning there
}

// rows places labels from left to right, each in the highest row whose label, and those of the rows below it, have
// ended: so the line that leads down from a mark crosses no other label, unless there is no other way.
func (t *chart) rows(clusters []cluster) []place {
	var ends [labelRows]float64
	out := make([]place, len(clusters))
	for i, c := range clusters {
		row := labelRows
		for row > 0 && ends[row-1] <= c.x-6 {
			row--
		}
		// In a crowd the line may pass behind labels, which keep their ground clear.
		for free := 0; row == labelRows && free < labelRows; free++ {
			if ends[labelRows-1-free] <= c.x-6 {
				row = labelRows - 1 - free
			}
		}
		if row == labelRows || (c.kind == "block" && len(clusters) > crowd) {
			out[i] = place{row: labelRows}
			if c.kind != "block" {
				out[i].row++ // beside what it waited for, not under it
			}
			continue
		}
		label := c.label()
		if len(clusters) > crowd {
			if len(c.texts) == 1 {
				label = orElse(c.short, label)
			}
			label = clipMiddle(label, 20)
		} else {
			row = t.roomier(ends, row, c.x, label)
		}
		out[i] = place{row: row}
		room := t.width - c.x - glyph
		left := c.x - glyph - ends[row]
		// A name that is whole tells more than a sentence whose middle is cut.
		if short := clip(c.short, longestLabel); len(c.texts) == 1 && short != "" && textWidth(label, textSize) > max(room, left-6) && textWidth(short, textSize) <= max(room, left-6) {
			label = short
		}
		switch full := textWidth(label, textSize); {
		case full <= room:
			out[i].text = label
		case full <= left-6:
			out[i].text, out[i].end = label, true
		default:
			out[i].text = fit(label, max(room, left-6), textSize)
			out[i].end = left-6 > room
		}
		ends[row] = c.x + 8
		if !out[i].end {
			ends[row] = c.x + glyph + textWidth(out[i].text, textSize)
		}
	}
	return out
}

// roomier is the first row, from one on, in which a label has room left of its mark, where it has none right of it; that one, if
// there is none.
func (t *chart) roomier(ends [labelRows]float64, row int, x float64, label string) int {
	width := textWidth(label, textSize)
	if width <= t.width-x-glyph {
		return row
	}
	for lower := row; lower < labelRows; lower++ {
		if width <= x-glyph-ends[lower]-6 {
			return lower
		}
	}
	return row
}

func (c cluster) label() string {
	if n := len(c.texts); n > 1 {
		return count(n) + " × " + markWord(c.kind)
	}
	if c.texts[0] == "" {
		return markWord(c.kind)
	}
	return clip(c.texts[0], longestLabel)
}

// marks draws the glyphs and labels above the lanes; shade draws the lines that lead down from them.
func (t *chart) marks() {
	t.y = 4
	clusters := t.clusters()
	for i, p := range t.rows(clusters) {
		c := clusters[i]
		class := "mark mark-" + c.kind
		title := c.label()
		for n, text := range c.texts {
			if n == 8 {
				title += "\n…"
				break
			}
			title += "\n" + clip(text, 80)
		}
		t.body.glyph(class, markShape(c.kind), c.x, c.y, title)
		switch {
		case p.text == "":
		case p.end:
			t.body.text("mark-text end", c.x-10, c.y+4, p.text)
		default:
			t.body.text("mark-text", c.x+10, c.y+4, p.text)
		}
		t.y = max(t.y, c.y+markRow)
	}
}

// markShape differs by kind, so that colour is not needed to tell them apart.
func markShape(kind string) string {
	switch kind {
	case "inject":
		return "M-5-4H5L0 5Z"
	case "undo":
		return "M-5 4H5L0-5Z"
	case "abort":
		return "M-5-5H5V5H-5Z"
	}
	return "M0-5 5 0 0 5-5 0Z"
}

func markClass(kind string) string {
	switch kind {
	case "inject", "undo", "abort", "block":
		return kind
	}
	return "other"
}

// markWord is the kind of a mark in a word.
func markWord(kind string) string {
	switch kind {
	case "inject":
		return "fault"
	case "block":
		return "blocked"
	case "other", "":
		return "mark"
	}
	return kind
}
