package load

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// Outage is a maximal span in which no request that began succeeded.
type Outage struct {
	// Start is where the first failure is placed, see [Sample.Evidence]; End is the start of the next success, or for an
	// open outage the end of its last failure.
	Start, End event.Instant
	Failures   uint64
	// Resolution is the width of the interval that the true duration lies in: the gap between the last sign of life and
	// the first failure, and the gap between the last failure and the next success. The error of Duration is less.
	Resolution time.Duration
	// Open says that no request succeeded after it.
	Open bool
}

// Duration is how long the outage lasted, at least so long if it is open.
func (o Outage) Duration() time.Duration { return o.End.Sub(o.Start) }

// Overlaps says whether any of the outage lies within a window.
func (o Outage) Overlaps(w Window) bool { return o.Start < w.End && o.End > w.Start }

// Outages are those of one series.
type Outages struct {
	// Count and Total are of all outages, those that List has no room for too.
	Count   uint64
	Total   time.Duration
	Longest Outage
	// List holds the 10,000 longest, in order of time.
	List []Outage
}

// maxOutages bounds the list. A stream that loses single requests for hours has more.
const maxOutages = 10_000

// Evidence is the instant that the outcome of a request tells of.
//
// For most it is the start: a request that was refused, or answered with 503, was so because of how things were when it
// arrived. But a connection that is cut (and a gateway's 502, which says that its own was cut) tells of the end: the
// request may have been sent long before to a server that was well, and it is the death that ended it. All requests in
// flight then are placed at that one instant, and not spread over the time before it, where others succeeded.
func (s Sample) Evidence() event.Instant {
	if s.Cause == Reset || s.Cause == EOF || s.Status == http.StatusBadGateway {
		return s.End
	}
	return s.Start
}

// mark is what the search for outages keeps of a sample.
type mark struct {
	at, end event.Instant
	ok      bool
}

// before orders marks by instant; where two are equal, so that the outcome does not depend on which came first.
func (m mark) before(n mark) bool {
	switch {
	case m.at != n.at:
		return m.at < n.at
	case m.end != n.end:
		return m.end < n.end
	}
	return m.ok && !n.ok
}

// outageFinder puts samples, which come in the order in which they ended, into the order of their evidence, and finds
// the outages in it.
type outageFinder struct {
	// horizon is how much later than its evidence a sample may be delivered.
	horizon time.Duration
	waiting order
	newest  event.Instant

	// alive says that a request has succeeded; lastStart is the start of the newest, lastEnd the latest end of one.
	alive              bool
	lastStart, lastEnd event.Instant
	// current is the outage that is going on, if it has failures; lastFailure is where the newest of them is placed.
	current     Outage
	lastFailure event.Instant

	found Outages
	kept  heap[Outage]
}

// deliverySlack is how much later than its timeout allows a sample may be delivered, on a machine that is busy.
const deliverySlack = time.Second

func newOutageFinder(timeout time.Duration) *outageFinder {
	return &outageFinder{
		horizon: timeout + deliverySlack,
		waiting: newOrder(),
		kept: heap[Outage]{less: func(a, b Outage) bool {
			return cmp.Or(cmp.Compare(a.Duration(), b.Duration()), cmp.Compare(b.Start, a.Start)) < 0
		}},
	}
}

func (f *outageFinder) add(s Sample) {
	f.waiting.push(mark{at: s.Evidence(), end: s.End, ok: s.OK()})
	f.newest = max(f.newest, s.End)
	for watermark := f.newest.Add(-f.horizon); ; f.waiting.pop() {
		next, there := f.waiting.least()
		if !there || next.at >= watermark {
			return
		}
		f.step(next)
	}
}

// step takes the next sample in the order of evidence.
func (f *outageFinder) step(m mark) {
	if m.ok {
		if f.current.Failures > 0 {
			f.current.End = m.at
			f.current.Resolution += m.at.Sub(f.lastFailure)
			f.close()
		}
		f.alive, f.lastStart, f.lastEnd = true, m.at, max(f.lastEnd, m.end)
		return
	}
	if f.current.Failures == 0 {
		f.current = Outage{Start: m.at, Resolution: m.at.Sub(f.signOfLife(m.at))}
	}
	f.current.Failures++
	f.current.End = max(f.current.End, m.end) // stands if no success follows
	f.lastFailure = m.at
}

// signOfLife is the last instant up to now at which the server is known to have been well. The end of a success is a later
// one than its start, unless it was answered only after now. Without a success there is none, and no gap is claimed.
func (f *outageFinder) signOfLife(now event.Instant) event.Instant {
	switch {
	case !f.alive:
		return now
	case f.lastEnd <= now:
		return f.lastEnd
	default:
		return f.lastStart
	}
}

func (f *outageFinder) close() {
	o := f.current
	f.current = Outage{}
	f.found.Count++
	f.found.Total += o.Duration()
	if f.found.Count == 1 || o.Duration() > f.found.Longest.Duration() {
		f.found.Longest = o
	}
	f.kept.push(o)
	if len(f.kept.items) > maxOutages {
		f.kept.pop()
	}
}

// outages gives what was found up to now, as if no sample were to follow. The search can go on after it.
func (f *outageFinder) outages() Outages {
	rest := *f
	rest.waiting = f.waiting.clone()
	rest.kept.items = slices.Clone(f.kept.items)
	for next, there := rest.waiting.least(); there; next, there = rest.waiting.least() {
		rest.step(next)
		rest.waiting.pop()
	}
	if rest.current.Failures > 0 {
		rest.current.Open = true
		rest.close()
	}
	rest.found.List = rest.kept.items
	slices.SortFunc(rest.found.List, func(a, b Outage) int { return cmp.Compare(a.Start, b.Start) })
	return rest.found
}
