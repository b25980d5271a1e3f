package report

import (
	"math"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// sparkWidth is how many characters a run is drawn in.
const sparkWidth = 60

// blocks are shares of answered requests: the full one for all of them and for nothing less.
var blocks = []rune("▁▂▃▄▅▆▇")

// sparkline draws the share of requests that were answered over the run. A column with a failure is never full, one without an
// answer is the lowest, and one without a request is a dot.
func sparkline(s StreamSeries, whole span) string {
	var b strings.Builder
	for _, c := range s.columns(whole.from, whole.to, sparkWidth) {
		switch {
		case c.requests == 0:
			b.WriteRune('·')
		case c.failures == 0:
			b.WriteRune('█')
		default:
			share := 1 - float64(c.failures)/float64(c.requests)
			b.WriteRune(blocks[max(0, min(len(blocks)-1, int(math.Floor(share*float64(len(blocks))))))])
		}
	}
	return b.String()
}

// phaseline names the phase in which each column of a sparkline begins: s, f or r.
func phaseline(spans []Span, s StreamSeries, whole span) string {
	letters := map[event.Phase]rune{event.Steady: 's', event.Fault: 'f', event.Recovery: 'r'}
	var b strings.Builder
	for _, c := range s.columns(whole.from, whole.to, sparkWidth) {
		letter, middle := '·', (c.start+c.end)/2
		for _, span := range spans {
			if known := letters[span.Phase]; known != 0 && span.Start.Seconds() <= middle && middle < span.End.Seconds() {
				letter = known
			}
		}
		b.WriteRune(letter)
	}
	return b.String()
}

// mostSparklines is how many streams are drawn.
const mostSparklines = 6

// chart draws the streams in characters, which every reader of Markdown shows.
func (s *summary) chart(m *Model) {
	if len(m.Series) == 0 {
		return
	}
	whole := wholeRun(m)
	var rows [][]string
	for _, series := range m.Series[:min(len(m.Series), mostSparklines)] {
		if drawn := sparkline(series, whole); drawn != "" {
			rows = append(rows, []string{"`" + drawn + "`", cell(streamLabel(series.Name, series.Connections))})
		}
	}
	if len(rows) == 0 {
		return
	}
	s.section("Answered over time")
	s.table([]string{"`" + phaseline(m.Spans, m.Series[0], whole) + "`", "s steady, f fault, r recovery"}, rows)
}
