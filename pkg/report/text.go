package report

import (
	"cmp"
	"io"
	"strings"
	"unicode/utf8"
)

// Style says what a terminal can show.
type Style struct {
	Color bool
	// Width in columns; 0 for 100.
	Width int
}

// WriteText writes the summary that ends a run on a terminal: the expectations, the recovery, and last the verdict
// and the state of the undo, where the eye is when a command returns.
func WriteText(w io.Writer, r *Result, style Style) error {
	if style.Width <= 0 {
		style.Width = 100
	}
	copied := tamed(*r, longestText)
	t := &terminal{Style: style}
	t.expectations(copied.Expectations)
	if longest := LongestPhase(&copied); longest != "" {
		t.paragraph("recovery", sentence(longest), "")
	}
	for _, each := range copied.Explanation.lines() {
		t.paragraph(each.Short, each.Value, "")
	}
	v := verdictView{copied.Verdict}
	reasons := copied.Reasons
	if v.Verdict != Pass && v.Verdict != Fail && len(reasons) > 0 {
		reasons = reasons[1:] // the headline gives the first
	}
	for i, reason := range reasons[:min(len(reasons), 5)] {
		t.paragraph([]string{"because", ""}[min(i, 1)], reason, "")
	}
	t.paragraph("verdict", Headline(&copied), v.color())
	t.paragraph("undo", cmp.Or(string(copied.Undo), "unknown")+": "+undoWords(&copied), undoColor(copied.Undo))
	_, err := io.WriteString(w, t.String())
	return err
}

// terminal is a text in the making.
type terminal struct {
	strings.Builder
	Style
}

// margin is the width of the column that names each paragraph.
const margin = 10

// The colours of a terminal, which its owner chose.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	purple = "35"
)

func (v verdictView) color() string {
	switch v.Verdict {
	case Pass:
		return green
	case Fail:
		return red
	case Aborted:
		return purple
	}
	return yellow
}

func undoColor(u UndoState) string {
	switch u {
	case UndoClean:
		return green
	case UndoDiverged:
		return yellow
	}
	return red
}

// painted is s in a colour, if the terminal shows any.
func (t *terminal) painted(s, color string) string {
	if !t.Color || color == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// paragraph writes a text with its name in the margin.
func (t *terminal) paragraph(name, text, color string) {
	for i, line := range wrapped(text, t.Width-margin) {
		if i > 0 {
			name = ""
		}
		t.WriteString(padded(name, margin) + t.painted(line, color) + "\n")
	}
}

// expectations writes one line for each, aligned, and below it why it did not pass.
func (t *terminal) expectations(all []ExpectationResult) {
	if len(all) == 0 {
		return
	}
	name, observed := 0, 0
	for _, e := range all {
		name, observed = max(name, width(e.Name)), max(observed, width(e.Observed))
	}
	name, observed = min(name, t.Width*2/5), min(observed, t.Width/4)
	for _, e := range all {
		v := verdictView{e.Verdict}
		line := padded(clip(e.Name, name), name) + "  " + padded(clip(e.Observed, observed), observed) + "  " + e.Bound
		if e.Resolution != "" {
			line += "  (resolution " + e.Resolution + ")"
		}
		t.WriteString(t.painted(padded(v.Sign()+" "+v.Word(), margin), v.color()) + clip(line, max(t.Width-margin, 20)) + "\n")
		if e.Verdict != Pass && e.Why != "" {
			for _, why := range wrapped(e.Why, t.Width-margin-2) {
				t.WriteString(strings.Repeat(" ", margin+2) + why + "\n")
			}
		}
	}
	t.WriteString("\n")
}

func width(s string) int { return utf8.RuneCountInString(s) }

func padded(s string, columns int) string {
	return s + strings.Repeat(" ", max(0, columns-width(s)))
}

// wrapped breaks a text into lines of limited width, between words where it can, and not before a unit.
func wrapped(s string, limit int) []string {
	limit = max(limit, 20)
	var out []string
	line := ""
	for _, word := range strings.Split(unbroken(s), " ") {
		for width(word) > limit {
			runes := []rune(word)
			if line != "" {
				out, line = append(out, line), ""
			}
			out, word = append(out, string(runes[:limit])), string(runes[limit:])
		}
		switch {
		case line == "":
			line = word
		case width(line)+1+width(word) <= limit:
			line += " " + word
		default:
			out, line = append(out, line), word
		}
	}
	out = append(out, line)
	for i, l := range out {
		out[i] = strings.ReplaceAll(l, "\u00a0", " ")
	}
	return out
}
