package load

import (
	"slices"
	"sync"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// Live counts samples for the eye, while the run goes on. It is safe for use by several goroutines.
type Live struct {
	mu      sync.Mutex
	streams map[int]*recent
}

// Glance is one stream at an instant.
type Glance struct {
	Stream             int
	Requests, Failures uint64
	// Rate is the number of requests that ended within the last second, up to the last whole tenth; Success is the share
	// of them that succeeded, and 1 where there were none.
	Rate, Success float64
}

// liveSlots makes a ring of ten whole tenths of a second, and the one that is being filled.
const liveSlots = 11

// recent is a ring of slots, each of which belongs to one tenth of a second of the run.
type recent struct {
	total Count
	slots [liveSlots]struct {
		tenth int64
		Count
	}
}

// NewLive makes an empty count.
func NewLive() *Live { return &Live{streams: map[int]*recent{}} }

// Add counts a sample.
func (l *Live) Add(s Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.streams[s.Stream]
	if r == nil {
		r = &recent{}
		l.streams[s.Stream] = r
	}
	tenth := tenthOf(s.End)
	slot := &r.slots[tenth%liveSlots]
	if slot.tenth != tenth {
		slot.tenth, slot.Count = tenth, Count{}
	}
	r.total.Requests++
	slot.Requests++
	if !s.OK() {
		r.total.Failures++
		slot.Failures++
	}
}

// Glance gives all streams at the instant now, in order of their numbers.
func (l *Live) Glance(now event.Instant) []Glance {
	l.mu.Lock()
	defer l.mu.Unlock()
	glances := make([]Glance, 0, len(l.streams))
	for id, r := range l.streams {
		var last Count
		for _, slot := range r.slots {
			if age := tenthOf(now) - slot.tenth; age >= 1 && age < liveSlots {
				last.Requests += slot.Requests
				last.Failures += slot.Failures
			}
		}
		g := Glance{Stream: id, Requests: r.total.Requests, Failures: r.total.Failures, Rate: float64(last.Requests), Success: 1}
		if last.Requests > 0 {
			g.Success = 1 - float64(last.Failures)/float64(last.Requests)
		}
		glances = append(glances, g)
	}
	slices.SortFunc(glances, func(a, b Glance) int { return a.Stream - b.Stream })
	return glances
}

func tenthOf(i event.Instant) int64 {
	return int64(time.Duration(max(i, 0)) / (time.Second / 10))
}
