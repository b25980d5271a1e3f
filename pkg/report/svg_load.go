package report

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// stream draws the lanes of one stream: what was sent and what failed, and how long answers took.
func (t *chart) stream(i int) {
	series := t.model.Series[i]
	columns := series.columns(t.from, t.to, t.columns)
	t.y += 22
	t.streamTitle(i, series)
	t.outageLabels(series)
	top := t.y
	t.load(series, columns)
	t.y += 8
	t.latency(series, columns)
	if t.narrow {
		t.panel(t.y-t.latencyHeight, t.y)
	} else {
		t.panel(top, t.y)
	}
	t.y += 6
}

func (t *chart) streamTitle(i int, series StreamSeries) {
	name := streamLabel(series.Name, series.Connections)
	figures := ""
	if i < len(t.model.Streams) {
		if s := t.model.Streams[i]; s.Availability != nil {
			figures = percent(*s.Availability) + " of " + count(s.Requests) + " answered"
			if s.Latency != nil {
				figures += ", p99 " + seconds(s.Latency.P99)
			}
		}
	}
	width := t.width - 8
	if t.narrow {
		t.body.text("stream", 0, t.y, fit(name, width, 13))
		t.y += 16
		t.body.text("muted", 0, t.y, figures)
	} else {
		name = fit(name, width*0.6, 13)
		t.body.text("stream", 0, t.y, name)
		t.body.text("muted end", t.right, t.y, figures)
	}
	t.y += 8
}

// outageLabels says how long each outage was, where there is room for it: the longest come first.
func (t *chart) outageLabels(series StreamSeries) {
	const apart = 8
	outages := slices.DeleteFunc(slices.Clone(series.Outages), func(o OutageSpan) bool { return !t.shows(o.Start, o.End) })
	slices.SortStableFunc(outages, func(a, b OutageSpan) int { return cmp.Compare(b.End.Sub(b.Start), a.End.Sub(a.Start)) })
	var taken []span
	for _, o := range outages {
		label := "outage " + seconds(o.End.Sub(o.Start).Seconds())
		width := textWidth(label, textSize)
		x := min(max((t.instant(o.Start)+t.instant(o.End)-width)/2, t.left), t.right-width)
		if slices.ContainsFunc(taken, func(s span) bool { return x < s.to+apart && x+width+apart > s.from }) {
			continue
		}
		taken = append(taken, span{x, x + width})
		t.body.text("outage-text", x, t.y+10, label)
	}
	if len(outages) > 0 {
		t.y += 15
	}
}

// laneName writes what a lane shows: beside it, or above it where there is no room beside.
func (t *chart) laneName(height float64, first, second string) {
	if t.narrow {
		t.y += 12
		t.body.text("muted", t.left, t.y-2, first+" "+second)
		t.y += 2
		return
	}
	t.body.text("muted", 0, t.y+height/2-2, first)
	t.body.text("muted", 0, t.y+height/2+12, second)
}

// leastFailure is the height of a bar that holds a failure, however few they are among however many.
const leastFailure = 4.0

// load draws requests per second: failures stand at the bottom, so that all of them can be compared.
func (t *chart) load(series StreamSeries, columns []column) {
	t.laneName(t.loadHeight, "requests", "per second")
	top, base := t.y, t.y+t.loadHeight
	if t.narrow {
		t.panel(top, base)
	}
	most := t.mostPerSecond(series.Name)
	var answered, failed strings.Builder
	level := base
	for _, c := range columns {
		x, end := t.at(c.start), t.at(c.end)
		height := c.perSecond(c.requests) / most * t.loadHeight
		red := 0.0
		if c.failures > 0 {
			red = max(height*float64(min(c.failures, c.requests))/float64(max(c.requests, 1)), leastFailure)
			width := max(end-x, 2)
			failed.WriteString("M" + coordinate(x) + " " + coordinate(base) + "v" + coordinate(-red) + "h" + coordinate(width) + "v" + coordinate(red) + "z")
		}
		if next := base - max(height, red); next != level {
			if answered.Len() == 0 {
				answered.WriteString("M" + coordinate(x) + " " + coordinate(base))
			}
			answered.WriteString("H" + coordinate(x) + "V" + coordinate(next))
			level = next
		}
	}
	if answered.Len() > 0 {
		answered.WriteString("H" + coordinate(t.at(columns[len(columns)-1].end)) + "V" + coordinate(base) + "z")
	}
	t.body.path("answered", answered.String())
	t.body.path("failed", failed.String())
	drawn := 0.0 // how far the outages reach: there may be more of them than pixels
	for _, o := range series.Outages {
		x := t.instant(o.Start)
		width := max(t.instant(o.End)-x, 2)
		if t.shows(o.Start, o.End) && x+width >= drawn+1 {
			drawn = x + width
			t.body.rect("outage", x, top, width, t.loadHeight, "outage of "+seconds(o.End.Sub(o.Start).Seconds())+" from "+offset(o.Start.Seconds()))
			t.body.rect("outage-cap", x, top-2, width, 3, "")
		}
	}
	t.body.line("base", t.left, base, t.right, base)
	t.body.text("tick end", t.left-6, top+8, rate(most))
	t.body.text("tick end", t.left-6, base, "0")
	t.y = base
}

// mostPerSecond is the top of the scale, one for all streams of a name: what kept its connections and what did not
// can be held against each other.
func (t *chart) mostPerSecond(name string) float64 {
	most := 0.0
	for _, s := range t.model.Series {
		if s.Name != name {
			continue
		}
		for _, c := range s.columns(t.from, t.to, t.columns) {
			most = max(most, c.perSecond(c.requests))
		}
	}
	return niceCeiling(most)
}

// latency draws response times on a scale of powers of ten: a median of 2 ms and a worst case of 2 s both show.
func (t *chart) latency(series StreamSeries, columns []column) {
	t.laneName(t.latencyHeight, "response time,", "p50 to p99")
	top, base := t.y, t.y+t.latencyHeight
	t.y = base
	low, high, measured := t.latencyRange(series.Name)
	if !measured {
		t.body.text("muted", t.left+8, base-t.latencyHeight/2+4, "no request was answered")
		t.body.line("base", t.left, base, t.right, base)
		return
	}
	height := func(s float64) float64 {
		share := (math.Log10(max(s, 1e-9)) - float64(low)) / float64(high-low)
		return base - t.latencyHeight*min(max(share, 0), 1)
	}
	for p := low; p <= high; p++ {
		y := height(math.Pow10(p))
		t.body.line("grid", t.left, y, t.right, y)
		// Every label has its room: of many decades, every other one is named.
		if high-low <= 3 || (p-low)%2 == 0 {
			t.body.text("tick end", t.left-6, min(max(y+4, top+8), base), decade(p))
		}
	}
	t.body.path("between", t.between(columns, height))
	t.body.path("p50", t.steps(columns, func(c column) float64 { return c.p50 }, height))
	t.body.path("p99", t.steps(columns, func(c column) float64 { return c.p99 }, height))
}

// latencyRange is the powers of ten around all that streams of a name saw.
func (t *chart) latencyRange(name string) (low, high int, measured bool) {
	least, most := math.Inf(1), 0.0
	for _, s := range t.model.Series {
		if s.Name != name {
			continue
		}
		for _, b := range s.Buckets {
			if b.P99 > 0 && b.P50 > 0 {
				least, most = min(least, b.P50), max(most, b.P99)
			}
		}
	}
	if most == 0 {
		return 0, 0, false
	}
	low, high = int(math.Floor(math.Log10(least))), int(math.Ceil(math.Log10(most)))
	return low, max(high, low+1), true
}

func decade(p int) string {
	switch {
	case p < -3:
		return fixed(math.Pow10(p+6), 0) + " µs"
	case p < 0:
		return fixed(math.Pow10(p+3), 0) + " ms"
	}
	return fixed(math.Pow10(p), 0) + " s"
}

// steps is a line that holds each column's value; it is broken where nothing was answered.
func (t *chart) steps(columns []column, value func(column) float64, height func(float64) float64) string {
	var b strings.Builder
	drawn := false
	for _, c := range columns {
		v := value(c)
		if v > 0 {
			if !drawn {
				b.WriteString("M" + coordinate(t.at(c.start)) + " " + coordinate(height(v)))
			} else {
				b.WriteString("V" + coordinate(height(v)))
			}
			b.WriteString("H" + coordinate(t.at(c.end)))
		}
		drawn = v > 0
	}
	return b.String()
}

// between is the area between the median and the 99th percentile.
func (t *chart) between(columns []column, height func(float64) float64) string {
	var b strings.Builder
	for _, c := range columns {
		if c.p50 > 0 && c.p99 > 0 {
			low, high := height(c.p50), height(c.p99)
			b.WriteString("M" + coordinate(t.at(c.start)) + " " + coordinate(low) + "V" + coordinate(high) + "H" + coordinate(t.at(c.end)) + "V" + coordinate(low) + "z")
		}
	}
	return b.String()
}
