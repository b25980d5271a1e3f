package load

import (
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// Bucket counts the requests that were due within one step of the timeline.
type Bucket struct {
	Start              event.Instant
	Requests, Failures uint64
	// P50 and P99 are response times of the successes to 2 %; Min and Max are exact. All are 0 without a success.
	P50, P99, Min, Max time.Duration
}

const (
	// bucketWidth is the width of the steps of a timeline that is not long.
	bucketWidth = 100 * time.Millisecond
	// maxBuckets bounds their number: a timeline that would need more doubles the width, as often as it takes.
	maxBuckets = 3000
)

// timeline counts requests in steps of equal width from instant 0.
type timeline struct {
	width time.Duration
	steps []step
}

type step struct {
	requests, failures uint64
	least, most        time.Duration
	sketch             sketch
}

func (t *timeline) add(s Sample) {
	due := time.Duration(max(s.Due, 0))
	for due/t.width >= maxBuckets {
		t.double()
	}
	i := int(due / t.width)
	for len(t.steps) <= i {
		t.steps = append(t.steps, step{})
	}
	at := &t.steps[i]
	at.requests++
	if !s.OK() {
		at.failures++
		return
	}
	at.include(s.Response(), s.Response())
	at.sketch.add(s.Response())
}

// include widens the range of the response times. It precedes the sketch, which knows whether there were any.
func (s *step) include(least, most time.Duration) {
	if s.sketch.n == 0 {
		s.least, s.most = least, most
	}
	s.least, s.most = min(s.least, least), max(s.most, most)
}

// double makes one step of two.
func (t *timeline) double() {
	t.width *= 2
	for i := range (len(t.steps) + 1) / 2 {
		merged := t.steps[2*i]
		if 2*i+1 < len(t.steps) {
			merged.merge(t.steps[2*i+1])
		}
		t.steps[i] = merged
	}
	half := (len(t.steps) + 1) / 2
	clear(t.steps[half:])
	t.steps = t.steps[:half]
}

func (s *step) merge(other step) {
	s.requests += other.requests
	s.failures += other.failures
	if other.sketch.n > 0 {
		s.include(other.least, other.most)
		s.sketch.merge(other.sketch)
	}
}

func (t *timeline) buckets() []Bucket {
	buckets := make([]Bucket, len(t.steps))
	for i, s := range t.steps {
		buckets[i] = Bucket{
			Start:    event.Instant(time.Duration(i) * t.width),
			Requests: s.requests,
			Failures: s.failures,
			P50:      min(max(s.sketch.quantile(0.50), s.least), s.most),
			P99:      min(max(s.sketch.quantile(0.99), s.least), s.most),
			Min:      s.least,
			Max:      s.most,
		}
	}
	return buckets
}
