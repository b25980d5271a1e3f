package report

import (
	"html/template"
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
	narrowFrame = frame{name: "narrow", narrow: true, width: 360, gutter: 44, columns: 155, loadHeight: 54, latencyHeight: 58, podHeight: 32}
)

const (
	textSize    = 11.5
	mostStreams = 8
	mostLanes   = 30
)

// timeline draws a run from top to bottom; y is how far it has come.
type timeline struct {
	axis
	frame
	model *Model
	body  drawing
	back  drawing
	y     float64
}

// span is a part of a run, in seconds.
type span struct{ from, to float64 }

// drawTimeline draws what happened within a span, all of it on one axis of time.
func drawTimeline(m *Model, f frame, s span, id string) template.HTML {
	t := &timeline{axis: axis{s.from, s.to, f.gutter, f.width - 8}, frame: f, model: m}
	t.marks()
	shadeFrom := t.y
	t.phases()
	t.y += 16
	topTicks, gridFrom := t.y-4, t.y
	for i := range m.Series[:min(len(m.Series), mostStreams)] {
		t.stream(i)
	}
	t.pods()
	t.y += 6
	bottom := t.y
	t.y += 14
	t.shade(shadeFrom, bottom)
	t.grid(&t.back, gridFrom, bottom, topTicks, t.y-1)
	t.y += 6

	var whole drawing
	whole.WriteString(t.back.String() + t.body.String())
	return whole.picture(id+"-"+f.name, "timeline "+f.name, f.width, t.y, "Timeline of the run", describe(m, s))
}

// wholeRun is the span of all that was recorded.
func wholeRun(m *Model) span {
	end := m.End.Seconds()
	for _, s := range m.Series {
		if n := len(s.Buckets); n > 0 {
			end = max(end, s.Buckets[n-1].Start.Seconds()+s.Width)
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
	from, to = max(from-margin, 0), min(to+margin, whole.to)
	return span{from, to}, to-from < 0.4*whole.to
}

// shade tints the phases behind everything else.
func (t *timeline) shade(top, bottom float64) {
	for _, p := range t.model.Spans {
		if t.shows(p.Start, p.End) {
			x := t.instant(p.Start)
			t.back.rect("shade shade-"+phaseClass(p.Phase), x, top, t.instant(p.End)-x, bottom-top, "")
		}
	}
	for _, c := range t.clusters() {
		t.back.line("mark-line mark-"+markClass(c.kind), c.x, c.y, c.x, bottom)
	}
}

// phases draws the band that names the phases.
func (t *timeline) phases() {
	const height = 20
	for _, p := range t.model.Spans {
		if !t.shows(p.Start, p.End) {
			continue
		}
		x, end := t.instant(p.Start), t.instant(p.End)
		length := seconds(p.End.Sub(p.Start).Seconds())
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
func describe(m *Model, s span) string {
	parts := []string{"From " + offset(s.from) + " to " + offset(s.to) + " of the run."}
	for _, p := range m.Spans {
		parts = append(parts, "Phase "+string(p.Phase)+" from "+offset(p.Start.Seconds())+" to "+offset(p.End.Seconds())+".")
	}
	for i, series := range m.Series {
		if i == mostStreams {
			break
		}
		for _, o := range series.Outages[:min(len(series.Outages), 5)] {
			parts = append(parts, "Outage of "+streamLabel(series.Name, series.Connections)+" at "+offset(o.Start.Seconds())+" for "+seconds(o.End.Sub(o.Start).Seconds())+".")
		}
	}
	parts = append(parts, "The figures and the marks are in tables below.")
	return strings.Join(parts, " ")
}
