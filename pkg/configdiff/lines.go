package configdiff

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff"
)

const (
	// context is how many lines are shown around those that differ.
	context = 3
	// longestLine is how many bytes of a line are shown, and lead how many of them stand before the first difference.
	longestLine, lead = 240, 80
)

// lines are those of the unified diff of two texts, each with its sign: a space, + or -, or @ for where it stands.
func lines(before, after string) []string {
	diff, err := udiff.ToUnifiedDiff("", "", before, udiff.Lines(before, after), context)
	if err != nil {
		return nil // the edits are those of these very texts
	}
	var all []string
	for _, h := range diff.Hunks {
		if len(diff.Hunks) > 1 || h.FromLine > 1 {
			all = append(all, fmt.Sprintf("@ line %d", h.FromLine))
		}
		for i := 0; i < len(h.Lines); {
			run := sameKind(h.Lines[i:])
			var beside []udiff.Line
			if h.Lines[i].Kind == udiff.Delete && i+len(run) < len(h.Lines) && h.Lines[i+len(run)].Kind == udiff.Insert {
				beside = sameKind(h.Lines[i+len(run):])
			}
			all = append(all, pairs(run, beside)...)
			i += len(run) + len(beside)
		}
	}
	return all
}

// sameKind is the head of the lines that are all removed, all added or all as they were.
func sameKind(all []udiff.Line) []udiff.Line {
	n := 1
	for n < len(all) && all[n].Kind == all[0].Kind {
		n++
	}
	return all[:n]
}

// pairs writes lines, and those that came in their place. Of long ones that part is shown in which they differ.
func pairs(removed, added []udiff.Line) []string {
	var all []string
	for i, l := range removed {
		at := 0
		if i < len(added) {
			at = firstDifference(l.Content, added[i].Content)
		}
		all = append(all, signed(l, at))
	}
	for i, l := range added {
		at := 0
		if i < len(removed) {
			at = firstDifference(l.Content, removed[i].Content)
		}
		all = append(all, signed(l, at))
	}
	return all
}

func firstDifference(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// signed is a line with its sign, masked where it may hold a credential, and cut around a place in it.
func signed(l udiff.Line, at int) string {
	sign := map[udiff.OpKind]string{udiff.Delete: "-", udiff.Insert: "+", udiff.Equal: " "}[l.Kind]
	text := strings.TrimSuffix(l.Content, "\n")
	if telling(text) {
		return fmt.Sprintf("%s(masked: %d bytes that may hold a credential)", sign, len(text))
	}
	return sign + excerpt(text, at)
}

// excerpt is the part of a long line around a place in it.
func excerpt(text string, at int) string {
	if len(text) <= longestLine {
		return text
	}
	from := max(0, min(at-lead, len(text)-longestLine))
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	to := min(len(text), from+longestLine)
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	cut := text[from:to]
	if from > 0 {
		cut = "…" + cut
	}
	if to < len(text) {
		cut += "…"
	}
	return cut
}
