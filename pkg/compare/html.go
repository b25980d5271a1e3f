package compare

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/report"
)

//go:embed page
var pageFiles embed.FS

// mostRows is how many rows a table of the page has.
const mostRows = 200

// page is what the template sees.
type page struct {
	*Comparison
	Base, Head sideView
	Rows       []row
	Runs       []runView
}

type sideView struct {
	Side
	Used string
}

type runView struct {
	RunRef
	Side string
}

// row is a figure with its picture.
type row struct{ Figure }

// WriteHTML writes a comparison as one file for people, in the look of a run's report. The version is that of the program.
func WriteHTML(w io.Writer, original *Comparison, version string) error {
	c := report.Tamed(*original)
	p := &page{Comparison: &c, Base: c.Base.view(), Head: c.Head.view()}
	for _, f := range c.Figures[:min(len(c.Figures), mostRows)] {
		p.Rows = append(p.Rows, row{f})
	}
	for _, s := range []struct {
		name string
		Side
	}{{"base", c.Base}, {"head", c.Head}} {
		for _, r := range s.Runs[:min(len(s.Runs), mostRows/2)] {
			p.Runs = append(p.Runs, runView{r, s.name})
		}
	}
	frame := report.Frame{Title: string(c.Verdict) + ": " + p.Title(), Kind: "comparison", Verdict: c.Verdict, Version: version}
	return frame.Page(w, pageFiles, "comparison.html", p)
}

func (s Side) view() sideView {
	used := 0
	for _, r := range s.Runs {
		if r.LeftOut == "" {
			used++
		}
	}
	return sideView{s, runs(used, "compared")}
}

// Title names what is compared.
func (p *page) Title() string {
	base, head := cmp.Or(p.Base.Experiment, "unnamed experiment"), cmp.Or(p.Head.Experiment, "unnamed experiment")
	if base == head {
		return base
	}
	return base + " and " + head
}

// Means says what the exit code stands for.
func (p *page) Means() string {
	switch p.ExitCode {
	case report.ExitPass:
		return "no regression"
	case report.ExitFail:
		return "a regression beyond a gate, and more than chance"
	}
	return "unknown: the data cannot say"
}

// Headline is that of the comparison, with numbers and their units on one line.
func (p *page) Headline() string { return report.Unbroken(p.Comparison.Headline()) }

// More and MoreRuns are how many rows the tables leave out.
func (p *page) More() int { return len(p.Figures) - len(p.Rows) }

// MoreRuns is how many runs the table leaves out.
func (p *page) MoreRuns() int { return len(p.Base.Runs) + len(p.Head.Runs) - len(p.Runs) }

// Least is how many repeats a test needs.
func (p *page) Least() int { return repeats() }

// The strip of dots, in its own units.
const (
	stripWidth = 140.0
	stripEdge  = 6.0
)

// Strip draws the value of each run.
func (r row) Strip() template.HTML {
	low, high := math.Inf(1), math.Inf(-1)
	for _, s := range []Sample{r.Base, r.Head} {
		for _, v := range s.Values {
			low, high = min(low, v.Value), max(high, v.Value)
		}
	}
	if low > high {
		return "–"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="strip" viewBox="0 0 %g 34" role="img" aria-label="%s"><path class="grid" d="M0 10H%[1]gM0 24H%[1]g"/>`, stripWidth, template.HTMLEscapeString(r.inWords()))
	for i, s := range []Sample{r.Base, r.Head} {
		class := []string{"dot-base", "dot-head"}[i]
		for _, v := range s.Values[:min(len(s.Values), mostRows)] {
			x := stripWidth / 2
			if high > low {
				x = stripEdge + (v.Value-low)/(high-low)*(stripWidth-2*stripEdge)
			}
			open := ""
			if v.AtLeast {
				open = " dot-open"
			}
			fmt.Fprintf(&b, `<circle class="%s%s" cx="%.1f" cy="%d" r="4"/>`, class, open, x, 10+14*i)
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // numbers and constants, and what was escaped
}

// inWords is the strip for those who do not see it.
func (r row) inWords() string {
	side := func(name string, s Sample) string {
		var all []string
		for _, v := range s.Values[:min(len(s.Values), 20)] {
			text := r.Say(v.Value)
			if v.AtLeast {
				text = "at least " + text
			}
			all = append(all, text)
		}
		return name + ": " + cmp.Or(strings.Join(all, ", "), "none")
	}
	return side("base", r.Base) + "; " + side("head", r.Head)
}
