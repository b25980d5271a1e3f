package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"github.com/chaosctl/chaosctl/pkg/event"
)

//go:embed page
var pageFiles embed.FS

// WriteHTML writes the report of a run as one file for people. It asks nothing of any network and runs no script;
// its policy allows no more than its own style. All that is drawn is drawn here.
func WriteHTML(w io.Writer, m *Model) error {
	style, err := pageFiles.ReadFile("page/style.css")
	if err != nil {
		return err
	}
	pages, err := template.New("page.html").Funcs(pageFuncs()).ParseFS(pageFiles, "page/*.html")
	if err != nil {
		return fmt.Errorf("the page's templates: %w", err)
	}
	var out bytes.Buffer
	for _, d := range details {
		view := newPage(m, d)
		view.Style = template.CSS(style) //nolint:gosec // embedded in this binary
		view.Policy = contentPolicy(style)
		out.Reset()
		if err := pages.Execute(&out, view); err != nil {
			return fmt.Errorf("cannot render the report: %w", err)
		}
		if out.Len() <= longestPage {
			break
		}
	}
	_, err = out.WriteTo(w)
	return err
}

// longestPage is what a page may weigh, in bytes: it is mailed, attached and opened on phones.
const longestPage = 1_500_000

// detail is how much a page shows before it says how much more there is.
type detail struct {
	rows    int // of a table
	streams int // that are drawn
	lanes   int // pods and recoveries that are drawn
	text    int // runes of a name or a message
}

// details are tried in turn until the page is light enough. Runs of a usual size are shown in full by the first.
var details = [...]detail{
	{rows: 200, streams: 6, lanes: 30, text: longestText},
	{rows: 60, streams: 3, lanes: 12, text: 200},
	{rows: 20, streams: 1, lanes: 5, text: 80},
}

// contentPolicy lets the page be styled by the very bytes that it carries, and by nothing else.
func contentPolicy(style []byte) string {
	digest := sha256.Sum256(style)
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) +
		"'; img-src data:; base-uri 'none'; form-action 'none'"
}

func pageFuncs() template.FuncMap {
	return template.FuncMap{
		"seconds":     seconds,
		"percent":     percent,
		"interval":    interval,
		"count":       func(n uint64) string { return count(n) },
		"number":      func(n int) string { return count(n) },
		"rate":        rate,
		"offset":      offset,
		"instant":     instant,
		"verdict":     func(v Verdict) verdictView { return verdictView{v} },
		"abort":       func(a AbortResult) abortView { return abortView{a.Verdict} },
		"at":          func(i event.Instant) string { return offset(i.Seconds()) },
		"word":        markWord,
		"took":        RecoveryResult.took,
		"parts":       Phases.list,
		"causes":      causes,
		"unbroken":    unbroken,
		"connections": connectionsWord,
		"outages":     longestOutages,
		"shorter":     shorterOutages,
		"percentiles": func(l *Latency) []figure {
			return []figure{
				{"p50", seconds(l.P50)},
				{"p90", seconds(l.P90)},
				{"p99", seconds(l.P99)},
				{"p99.9", seconds(l.P999)},
				{"slowest", seconds(l.Max)},
			}
		},
	}
}

// figure is a number with its name.
type figure struct{ Name, Value string }

// abortView is what became of an abort condition: one that came true has done its work, and is no failure.
type abortView struct{ Verdict }

func (v abortView) shown() verdictView {
	if v.Verdict == Fail {
		return verdictView{Aborted}
	}
	return verdictView(v)
}

// Class names the style of the chip.
func (v abortView) Class() string { return v.shown().Class() }

// Sign stands before the word.
func (v abortView) Sign() string { return v.shown().Sign() }

// Word is the outcome.
func (v abortView) Word() string {
	switch v.Verdict {
	case Fail:
		return "came true"
	case Pass:
		return "did not come true"
	}
	return "unknown"
}

// verdictView is a verdict with a sign, for colour alone tells nothing to many.
type verdictView struct{ Verdict }

// Class is the verdict as a class of the style.
func (v verdictView) Class() string {
	switch v.Verdict {
	case Pass, Fail, Aborted:
		return string(v.Verdict)
	}
	return "unknown"
}

// Sign is the verdict as a character.
func (v verdictView) Sign() string {
	switch v.Verdict {
	case Pass:
		return "✓"
	case Fail:
		return "✕"
	case Aborted:
		return "■"
	}
	return "?"
}

// Word is the verdict in a word.
func (v verdictView) Word() string { return v.Class() }

// Icon is the sign for the browser's tab.
func (v verdictView) Icon() template.URL {
	shape := map[string]string{
		"pass":    `fill="%231a7f4b"/><path d="M9 17l5 5 9-12"`,
		"fail":    `fill="%23c02d2d"/><path d="M10 10l12 12M22 10 10 22"`,
		"aborted": `fill="%237440b5"/><path d="M12 12h8v8h-8z"`,
		"unknown": `fill="%238a5a00"/><path d="M12 12a4 4 0 1 1 5 4q-1 .5-1 3m0 4v.1"`,
	}[v.Class()]
	return template.URL(`data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><circle cx='16' cy='16' r='16' ` + //nolint:gosec // constants
		shape + ` fill='none' stroke='white' stroke-width='3.5' stroke-linecap='round' stroke-linejoin='round'/></svg>`)
}
