package report

import (
	"cmp"
	"maps"
	"slices"
)

// loadView is the streams of one name: what kept its connections beside what opened new ones.
type loadView struct {
	Name    string
	Streams []StreamResult
}

// loads groups streams by name, in order of first appearance.
func loads(streams []StreamResult) []loadView {
	var out []loadView
	for _, s := range streams {
		i := slices.IndexFunc(out, func(l loadView) bool { return l.Name == s.Name })
		if i < 0 {
			out = append(out, loadView{Name: s.Name})
			i = len(out) - 1
		}
		out[i].Streams = append(out[i].Streams, s)
	}
	return out
}

// causes is the failures of a stream by cause, the most frequent first.
func causes(s StreamResult) []figure {
	causes := slices.SortedFunc(maps.Keys(s.FailuresByCause), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.FailuresByCause[b], s.FailuresByCause[a]), cmp.Compare(a, b))
	})
	var out []figure
	for _, cause := range causes[:min(len(causes), 12)] {
		out = append(out, figure{cause, count(s.FailuresByCause[cause])})
	}
	return out
}

const mostOutages = 6

// longestOutages is the outages of a stream, the longest first, as many as a cell holds.
func longestOutages(s StreamResult) []OutageResult {
	sorted := slices.Clone(s.Outages)
	slices.SortStableFunc(sorted, func(a, b OutageResult) int { return cmp.Compare(b.Duration, a.Duration) })
	return sorted[:min(len(sorted), mostOutages)]
}

// shorterOutages is how many outages the cell does not hold.
func shorterOutages(s StreamResult) int { return max(0, len(s.Outages)-mostOutages) }

// figuresView is the picture of a stream as a table.
type figuresView struct {
	Name string
	Rows []figuresRow
}

type figuresRow struct {
	From, To, Requests, Failures, P50, P99 string
	Failed                                 bool
}

// mostFigures is how many rows a picture in numbers has: each stands for several columns of it.
const mostFigures = 60

// figures is the load lanes in numbers, merged as the picture merges them.
func figures(m *Model, d detail) []figuresView {
	whole := wholeRun(m)
	var out []figuresView
	for _, s := range m.Series[:min(len(m.Series), d.streams)] {
		view := figuresView{Name: streamLabel(s.Name, s.Connections)}
		for _, c := range s.columns(whole.from, whole.to, mostFigures) {
			row := figuresRow{From: offset(c.start), To: offset(c.end), Requests: count(c.requests), Failures: count(c.failures), P50: "–", P99: "–", Failed: c.failures > 0}
			if c.p99 > 0 {
				row.P50, row.P99 = seconds(c.p50), seconds(c.p99)
			}
			view.Rows = append(view.Rows, row)
		}
		out = append(out, view)
	}
	return out
}
