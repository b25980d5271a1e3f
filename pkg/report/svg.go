package report

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"unicode"
)

// drawing is an SVG picture in the making. Colours are classes of the page's style, so that one picture serves the
// light page, the dark one and the printed one. Every text passes through escape: nothing else writes names.
type drawing struct{ strings.Builder }

func escape(s string) string { return template.HTMLEscapeString(s) }

// coordinate writes a position with a tenth of a pixel.
func coordinate(v float64) string {
	text := strconv.FormatFloat(v, 'f', 1, 64)
	return strings.TrimSuffix(text, ".0")
}

func (d *drawing) rect(class string, x, y, w, h float64, title string) {
	fmt.Fprintf(d, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"`, class, coordinate(x), coordinate(y), coordinate(w), coordinate(h))
	if title == "" {
		d.WriteString("/>")
		return
	}
	d.WriteString("><title>" + escape(title) + "</title></rect>")
}

func (d *drawing) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(d, `<path class="%s" d="M%s %sL%s %s"/>`, class, coordinate(x1), coordinate(y1), coordinate(x2), coordinate(y2))
}

func (d *drawing) path(class, data string) {
	if data != "" {
		fmt.Fprintf(d, `<path class="%s" d="%s"/>`, class, data)
	}
}

// glyph draws a small shape around a point.
func (d *drawing) glyph(class, data string, x, y float64, title string) {
	fmt.Fprintf(d, `<path class="%s" transform="translate(%s %s)" d="%s"><title>%s</title></path>`, class, coordinate(x), coordinate(y), data, escape(title))
}

func (d *drawing) text(class string, x, y float64, s string) {
	fmt.Fprintf(d, `<text class="%s" x="%s" y="%s">%s</text>`, class, coordinate(x), coordinate(y), escape(s))
}

// picture wraps what was drawn into an element that is read out as its title and description.
func (d *drawing) picture(id, class string, width, height float64, title, description string) template.HTML {
	return template.HTML(fmt.Sprintf( //nolint:gosec // every text in it was escaped
		`<svg class="%s" viewBox="0 0 %s %s" role="img" aria-labelledby="%s-title %s-desc"><title id="%s-title">%s</title><desc id="%s-desc">%s</desc>%s</svg>`,
		class, coordinate(width), coordinate(height), id, id, id, escape(title), id, escape(description), d.String()))
}

// textWidth is an upper estimate of the width of s at a size in pixels, good enough to keep labels apart. DejaVu Sans, which is what
// a bare Linux has, is the widest of the fonts that the pages ask for.
func textWidth(s string, size float64) float64 {
	width := 0.0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r > 0x2e80:
			width += 1.35
		case strings.ContainsRune("iljtfr.,:;'|!()[]/\\- ", r):
			width += 0.41
		case strings.ContainsRune("mMW@%…", r):
			width += 1
		case strings.ContainsRune("w<>=+×#~^", r) || unicode.IsUpper(r):
			width += 0.84
		default:
			width += 0.64
		}
	}
	return width * size
}

// podSize is that of the names of pods, in pixels. All their letters are of one width.
const podSize = 11

func podWidth(s string) float64 {
	width := 0.0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r > 0x2e80:
			width += 1.35
		default:
			width += 0.61
		}
	}
	return width * podSize
}

// leastText is how many runes of a label that does not fit are worth showing.
const leastText = 8

// fit shortens s until it is no wider than width; empty if nothing useful is left.
func fit(s string, width, size float64) string {
	return fitBy(s, width, func(s string) float64 { return textWidth(s, size) })
}

// fitPod is fit for the name of a pod.
func fitPod(s string, width float64) string { return fitBy(s, width, podWidth) }

func fitBy(s string, width float64, measure func(string) float64) string {
	if measure(s) <= width {
		return s
	}
	most := width * 3 / podSize // a rune takes a third of its height at the least
	for n := min(len([]rune(s))-1, int(most)); n >= leastText; n-- {
		if cut := clipMiddle(s, n); measure(cut) <= width {
			return cut
		}
	}
	return ""
}
