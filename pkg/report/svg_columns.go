package report

import "math"

// column is what one step of a picture shows of a stream: the sum of the requests and of the failures of its
// buckets, and the worst of their response times. Averages are never taken: however long a run and however narrow
// its picture, a single failure and a single slow answer stay in sight.
type column struct {
	start, end         float64 // seconds
	requests, failures uint64
	p50, p99           float64
}

// columns merges the buckets that begin within [from, to) into at most limit columns of equal width.
func (s StreamSeries) columns(from, to float64, limit int) []column {
	if s.Width <= 0 || to <= from || limit < 1 {
		return nil
	}
	// A column is a whole number of buckets wide, else equal loads would look unequal.
	perColumn := math.Max(1, math.Ceil((to-from)/s.Width/float64(limit)-1e-9))
	width := perColumn * s.Width
	first := math.Floor(from/s.Width + 1e-9)
	origin := first * s.Width
	out := make([]column, max(1, int(math.Ceil((to-origin)/width-1e-9))))
	for i := range out {
		out[i].start = origin + float64(i)*width
		out[i].end = out[i].start + width
	}
	// What is left of the last column is its whole length, else every run would seem to end with less load.
	if last := &out[len(out)-1]; to-last.start > s.Width/2 {
		last.end = math.Min(last.end, to)
	}
	for _, b := range s.Buckets {
		// Rounding to whole buckets first: 0.3 is not three times 0.1 to a computer.
		i := math.Floor((math.Round(b.Start.Seconds()/s.Width) - first) / perColumn)
		if i < 0 || int(i) >= len(out) {
			continue
		}
		c := &out[int(i)]
		c.requests += b.Requests
		c.failures += b.Failures
		c.p50 = math.Max(c.p50, b.P50)
		c.p99 = math.Max(c.p99, b.P99)
	}
	return out
}

// perSecond turns a number of a column's requests into a rate.
func (c column) perSecond(n uint64) float64 { return float64(n) / (c.end - c.start) }
