package report

import (
	"html/template"
	"math"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// frame is the shape of a timeline. A page holds two: text that is scaled down with a picture cannot be read on a
// phone.
type frame struct {
	name   string
	narrow bool
	width  float64
	// gutter is the room left of the lanes, for their names.
	gutter  float64
	columns int
	// The heights of the lanes.
	loadHeight, latencyHeight, podHeight float64
}

// The two shapes, never changed.
var (
	wideFrame   = frame{name: "wide", width: 1088, gutter: 168, columns: 456, loadHeight: 60, latencyHeight: 64, podHeight: 21}
	narrowFrame = frame{name: "narrow", narrow: true, width: 360, gutter: 48, columns: 155, loadHeight: 54, latencyHeight: 58, podHeight: 32}
)

// textSize is that of labels, in pixels.
const textSize = 11.5

// chart draws a run from top to bottom; y is how far it has come.
type chart struct {
	axis
	frame
	detail detail
	model  *Model
	back   drawing
	body   drawing
	front  drawing
	y      float64
	band   float64 // where the band of the phases begins
	panels []panel
}

// panel is a stripe of the picture whose ground shows phases, ticks and marks. Titles stand between panels, where no
// line crosses them.
type panel struct{ top, bottom float64 }

func (t *chart) panel(top, bottom float64) { t.panels = append(t.panels, panel{top, bottom}) }

// span is a part of a run, in seconds.
type span struct{ from, to float64 }

// drawTimeline draws what happened within a span, all of it on one axis of time.
func drawTimeline(m *Model, d detail, f frame, s span, id string) template.HTML {
	t := &chart{axis: axis{s.from, s.to, f.gutter, f.width - 8}, frame: f, detail: d, model: m}
	t.marks()
	t.phases()
	t.y += 12
	above := t.y
	for i := range m.Series[:min(len(m.Series), d.streams)] {
		t.stream(i)
	}
	t.counts()
	t.pods()
	t.probes()
	t.happened()
	t.y += 18
	t.ground()
	t.tickLabels(&t.body, above, t.y-4)

	var all drawing
	all.WriteString(t.back.String() + t.body.String() + t.front.String())
	return all.picture(id+"-"+f.name, "timeline "+f.name, f.width, t.y, "Timeline of the run", describe(m, d, s))
}

// wholeRun is the span of all that was recorded.
func wholeRun(m *Model) span {
	end := m.End.Seconds()
	for _, s := range m.Series {
		// The last bucket of a run is cut short by its end; one that begins later was recorded after it.
		if n := len(s.Buckets); n > 0 && s.Buckets[n-1].Start.Seconds() >= end {
			end = s.Buckets[n-1].Start.Seconds() + s.Width
		}
	}
	for _, p := range m.Spans {
		end = max(end, p.End.Seconds())
	}
	for _, k := range m.Marks {
		end = max(end, k.At.Seconds())
	}
	if end <= 0 {
		end = 1
	}
	return span{0, end}
}

// closeUp is the span around the first fault and all that followed from it, if that is too short a part of the run
// to be seen well in a picture of the whole.
func closeUp(m *Model) (span, bool) {
	whole := wholeRun(m)
	from, to := whole.to, 0.0
	widen := func(start, end event.Instant) {
		from, to = min(from, start.Seconds()), max(to, end.Seconds())
	}
	for _, k := range m.Marks {
		widen(k.At, k.At)
	}
	for _, s := range m.Series {
		for _, o := range s.Outages {
			widen(o.Start, o.End)
		}
	}
	for _, r := range m.Recoveries {
		at := event.Instant(r.FaultAt.Sub(m.StartedAt))
		if !r.FaultAt.IsZero() {
			widen(at, at+event.Instant(r.length()*1e9))
		}
	}
	if from > to {
		return span{}, false
	}
	margin := max(0.25*(to-from), 0.5)
	// Whole buckets, else those at the edges would seem to hold too much.
	grain := 0.1
	for _, s := range m.Series {
		grain = max(grain, s.Width)
	}
	from, to = max(math.Floor((from-margin)/grain)*grain, 0), min(math.Ceil((to+margin)/grain)*grain, whole.to)
	return span{from, to}, to-from < 0.4*whole.to
}

// ground draws what all panels share: behind them the tints of the phases and the ticks, before them the lines of
// the marks.
func (t *chart) ground() {
	for _, p := range t.model.Spans {
		if t.shows(p.Start, p.End) {
			x, end := t.instant(p.Start), t.instant(p.End)
			t.back.path("shade-"+phaseClass(p.Phase), t.stripes(func(top, bottom float64) string {
				return "M" + coordinate(x) + " " + coordinate(top) + "H" + coordinate(end) + "V" + coordinate(bottom) + "H" + coordinate(x) + "z"
			}))
		}
	}
	at, _ := t.ticks(tickRoom)
	for _, s := range at {
		t.back.path("grid", t.stripes(upright(t.at(s))))
	}
	clusters := t.clusters()
	lines := &t.front
	if len(clusters) > crowd {
		lines = &t.back // so many would hide what they point at
	}
	for _, c := range clusters {
		t.back.path("mark-line mark-"+c.kind, upright(c.x)(c.y, t.band))
		lines.path("mark-line mark-"+c.kind, t.stripes(upright(c.x)))
	}
}

// stripes is one shape drawn in every panel.
func (t *chart) stripes(shape func(top, bottom float64) string) string {
	var b strings.Builder
	for _, p := range t.panels {
		b.WriteString(shape(p.top, p.bottom))
	}
	return b.String()
}

func upright(x float64) func(top, bottom float64) string {
	return func(top, bottom float64) string {
		return "M" + coordinate(x) + " " + coordinate(top) + "V" + coordinate(bottom)
	}
}

// whole drops the decimals of lengths that were asked for in whole seconds.
var whole = strings.NewReplacer(".00 s", " s", ".0 s", " s")

// phases draws the band that names the phases.
func (t *chart) phases() {
	const height = 20
	t.band = t.y
	for _, p := range t.model.Spans {
		if !t.shows(p.Start, p.End) {
			continue
		}
		x, end := t.instant(p.Start), t.instant(p.End)
		length := whole.Replace(seconds(p.End.Sub(p.Start).Seconds()))
		name := string(p.Phase)
		t.body.rect("phase phase-"+phaseClass(p.Phase), x, t.y, max(end-x-1, 1), height, name+", "+length)
		for _, label := range []string{name + " · " + length, name} {
			if textWidth(label, textSize)+10 < end-x {
				t.body.text("phase-name", x+6, t.y+14, label)
				break
			}
		}
	}
	t.y += height
}

func phaseClass(p event.Phase) string {
	switch p {
	case event.Steady, event.Fault, event.Recovery:
		return string(p)
	}
	return "other"
}

// describe is the picture in words, for those who hear the page.
func describe(m *Model, d detail, s span) string {
	parts := []string{"From " + offset(s.from) + " to " + offset(s.to) + " of the run."}
	for _, p := range m.Spans {
		parts = append(parts, "Phase "+string(p.Phase)+" from "+offset(p.Start.Seconds())+" to "+offset(p.End.Seconds())+".")
	}
	for _, series := range m.Series[:min(len(m.Series), d.streams)] {
		for _, o := range series.Outages[:min(len(series.Outages), 5)] {
			parts = append(parts, "Outage of "+streamLabel(series.Name, series.Connections)+" at "+offset(o.Start.Seconds())+" for "+seconds(o.End.Sub(o.Start).Seconds())+".")
		}
	}
	parts = append(parts, "The figures and the marks are in tables below.")
	return strings.Join(parts, " ")
}
