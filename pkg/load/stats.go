package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// Stats counts the requests that were due within a window.
type Stats struct {
	Requests, Failures uint64
	ByCause            map[Cause]uint64
	// ByPod counts the answers that named a pod; past 200 names, the rest are counted as [OtherPods].
	ByPod map[string]PodCount
	// First and Last are the due instants of the first and the last request.
	First, Last event.Instant
	// Response and Service are the response and service times of the successes in nanoseconds, to three digits, from
	// 1 µs to 10 minutes. What is longer counts as 10 minutes.
	Response, Service *hdrhistogram.Histogram
}

// PodCount counts the answers of one pod.
type PodCount struct{ Requests, Failures uint64 }

// OtherPods stands in for the names that are too many.
const OtherPods = "other"

const (
	maxPods     = 200
	longestTime = 10 * time.Minute
)

func newStats() *Stats {
	return &Stats{
		ByCause:  map[Cause]uint64{},
		ByPod:    map[string]PodCount{},
		Response: newHistogram(),
		Service:  newHistogram(),
	}
}

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(time.Microsecond), int64(longestTime), 3)
}

func (s *Stats) add(sample Sample) {
	if s.Requests == 0 {
		s.First, s.Last = sample.Due, sample.Due
	}
	s.First, s.Last = min(s.First, sample.Due), max(s.Last, sample.Due)
	s.Requests++
	if sample.OK() {
		record(s.Response, sample.Response())
		record(s.Service, sample.Service())
	} else {
		s.Failures++
		s.ByCause[sample.Cause]++
	}
	if sample.Pod != "" {
		s.addPod(sample)
	}
}

func (s *Stats) addPod(sample Sample) {
	name := sample.Pod
	count, known := s.ByPod[name]
	if !known && len(s.ByPod) >= maxPods {
		name = OtherPods
		count = s.ByPod[name]
	}
	count.Requests++
	if !sample.OK() {
		count.Failures++
	}
	s.ByPod[name] = count
}

func record(h *hdrhistogram.Histogram, d time.Duration) {
	// In range by the clamp, so there is no error.
	_ = h.RecordValue(int64(min(max(d, 0), longestTime)))
}

// Availability is the share of requests that succeeded.
func (s *Stats) Availability() Proportion {
	return Proportion{Successes: s.Requests - s.Failures, Trials: s.Requests}
}

// Rate is the rate at which requests were offered per second, by their due times; 0 for fewer than two.
func (s *Stats) Rate() float64 {
	if s.Requests < 2 || s.Last == s.First {
		return 0
	}
	return float64(s.Requests-1) / s.Last.Sub(s.First).Seconds()
}
