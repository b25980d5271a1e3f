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

// textWidth is an upper estimate of the width of s at a size in pixels, good enough to keep labels apart.
func textWidth(s string, size float64) float64 {
	width := 0.0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r > 0x2e80:
			width += 1.35
		case strings.ContainsRune("iljtfr.,:;'|!()[] ", r):
			width += 0.38
		case unicode.IsUpper(r) || r == 'm' || r == 'w' || r == '%':
			width += 0.82
		default:
			width += 0.6
		}
	}
	return width * size
}

// fit shortens s until it is no wider than width; empty if nothing useful is left.
func fit(s string, width, size float64) string {
	if textWidth(s, size) <= width {
		return s
	}
	for n := min(len([]rune(s))-1, int(width/size*3)); n >= 4; n-- {
		if cut := clipMiddle(s, n); textWidth(cut, size) <= width {
			return cut
		}
	}
	return ""
}
