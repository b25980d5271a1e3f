package load

import (
	"math"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// Window is a named span of a run. A request belongs to the windows that hold the instant when it was due.
type Window struct {
	Name string
	// Start belongs to the window, End does not.
	Start, End event.Instant
}

// Whole is a window that holds everything.
func Whole(name string) Window { return Window{Name: name, Start: math.MinInt64, End: math.MaxInt64} }

// Tally folds samples into a [Series] for each stream and for each name. It does not matter in which order samples are
// added, as long as each is within a second of when it ended. Memory grows with the rate times the timeout and, by 16
// bytes a second, with the length of the run; not with the number of requests. A Tally is for one goroutine.
type Tally struct {
	streams map[int]*target
	names   map[string]*Series
	windows []Window
}

// target is what the samples of one stream are added to.
type target struct{ own, pool *Series }

// NewTally makes a tally of streams (of which ID, Name and Timeout count) over windows, which may overlap.
func NewTally(streams []Stream, windows ...Window) *Tally {
	t := &Tally{streams: map[int]*target{}, names: map[string]*Series{}, windows: windows}
	members, longest := map[string]int{}, map[string]time.Duration{}
	for _, s := range streams {
		members[s.Name]++
		longest[s.Name] = max(longest[s.Name], s.timeout())
	}
	for _, s := range streams {
		own := newSeries(windows, s.timeout())
		if _, known := t.names[s.Name]; !known {
			t.names[s.Name] = own // the only stream of a name is its own pool
			if members[s.Name] > 1 {
				t.names[s.Name] = newSeries(windows, longest[s.Name])
			}
		}
		t.streams[s.ID] = &target{own: own, pool: t.names[s.Name]}
	}
	return t
}

// Add counts a sample. One of a stream that the tally does not know is ignored.
func (t *Tally) Add(s Sample) {
	to, known := t.streams[s.Stream]
	if !known {
		return
	}
	to.own.add(s)
	if to.pool != to.own {
		to.pool.add(s)
	}
}

// Stream is the series of one stream; nil for one that is not known.
func (t *Tally) Stream(id int) *Series {
	if to, known := t.streams[id]; known {
		return to.own
	}
	return nil
}

// Pool is the series of all streams of a name together; nil for a name that is not known. Its outages are spans in which
// no request of any of them succeeded.
func (t *Tally) Pool(name string) *Series { return t.names[name] }

// Series is what is known of one stream, or of several as one.
type Series struct {
	windows  []Window
	stats    []*Stats
	timeline timeline
	seconds  []Count
	outages  *outageFinder
}

// Count counts the requests that were due within one second.
type Count struct{ Requests, Failures uint64 }

func newSeries(windows []Window, timeout time.Duration) *Series {
	s := &Series{windows: windows, timeline: timeline{width: bucketWidth}, outages: newOutageFinder(timeout)}
	for range windows {
		s.stats = append(s.stats, newStats())
	}
	return s
}

func (s *Series) add(sample Sample) {
	for i, w := range s.windows {
		if w.Start <= sample.Due && sample.Due < w.End {
			s.stats[i].add(sample)
		}
	}
	s.timeline.add(sample)
	s.addSecond(sample)
	s.outages.add(sample)
}

func (s *Series) addSecond(sample Sample) {
	second := int(time.Duration(max(sample.Due, 0)) / time.Second)
	for len(s.seconds) <= second {
		s.seconds = append(s.seconds, Count{})
	}
	s.seconds[second].Requests++
	if !sample.OK() {
		s.seconds[second].Failures++
	}
}

// Window counts the requests of a window; nil for one that the tally was not given.
func (s *Series) Window(name string) *Stats {
	for i, w := range s.windows {
		if w.Name == name {
			return s.stats[i]
		}
	}
	return nil
}

// Buckets is the timeline from instant 0, in steps of the width, which is 100 ms or, for a run of more than five
// minutes, that times a power of two. Those before the stream began are empty.
func (s *Series) Buckets() (width time.Duration, buckets []Bucket) {
	return s.timeline.width, s.timeline.buckets()
}

// Seconds counts requests by the whole second, from instant 0, in which they were due: blocks for tests that must not
// take the failures of one outage to be independent. Do not change it.
func (s *Series) Seconds() []Count { return s.seconds }

// Outages are those of the samples up to now.
func (s *Series) Outages() Outages { return s.outages.outages() }
