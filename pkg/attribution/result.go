package attribution

import (
	"cmp"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// Result is what became of the failures of a run.
type Result struct {
	// Failures counts them all; Exact those of whose pod, or of whose want of one, there is evidence.
	Failures, Exact uint64
	// Classes are those that have any, the largest first. They add up to Failures.
	Classes []ClassCount
	Leaving Leaving
	// Waits are those of pods that were ready before they served.
	Waits []Wait
	// Empty is for how long the Services of the streams had no ready endpoint.
	Empty time.Duration
}

// ClassCount is one class.
type ClassCount struct {
	Class           Class
	Failures, Exact uint64
	// Places add up to Failures; the largest is first.
	Places []Place
	// Examples are the first failures of the class.
	Examples []Example
}

// Place counts the failures of one class at one pod in one phase.
type Place struct {
	Class Class
	// Pod and UID are empty where the pod is not known, or none had a part in it.
	Pod, UID        string
	Phase           Phase
	Failures, Exact uint64
	Causes          map[load.Cause]uint64
	// First is the start of the first, Last the end of the last.
	First, Last event.Instant
}

// Example is one failure.
type Example struct {
	Sample load.Sample
	Attribution
}

// Of counts the failures of a class.
func (r *Result) Of(class Class) uint64 {
	for _, c := range r.Classes {
		if c.Class == class {
			return c.Failures
		}
	}
	return 0
}

// In counts the failures of a class in some phases.
func (r *Result) In(class Class, phases ...Phase) uint64 {
	n := uint64(0)
	for _, c := range r.Classes {
		for _, p := range c.Places {
			if c.Class == class && slices.Contains(phases, p.Phase) {
				n += p.Failures
			}
		}
	}
	return n
}

// Leaving is what pods on their way out did to requests.
type Leaving struct {
	// Failures counts those that met a pod which had been told to stop, Forced those of them whose pod got no time for it.
	Failures, Forced uint64
	// Listed counts those that were sent a second or more after the stop, while the pod was still a ready endpoint.
	Listed uint64
	// Longest is how long after its pod was told to stop the last of them was sent; Cut is when the last was over.
	Longest, Cut time.Duration
	// delays are in order, and count those that are not forced.
	delays []delay
}

// delay counts requests that were sent no longer than after their pod was told to stop.
type delay struct {
	after time.Duration
	n     uint64
}

// Within is the time after the stop in which so large a share of the requests was sent that had time, rounded up to a tenth of a second, and
// how many these are.
func (l *Leaving) Within(share float64) (time.Duration, uint64) {
	total := uint64(0)
	for _, d := range l.delays {
		total += d.n
	}
	sum := uint64(0)
	for _, d := range l.delays {
		sum += d.n
		if float64(sum) >= share*float64(total) {
			return d.after, sum
		}
	}
	return 0, 0
}

// Wait is how long a pod was ready without serving.
type Wait struct {
	Pod, UID string
	// Lasted is the time from its being ready to its first success, or to the end of the run.
	Lasted time.Duration
	// Open says that it never served.
	Open bool
}

// waits are those of pods that failed requests while they were ready and had not served.
func (j *Join) waits() []Wait {
	seen := map[string]bool{}
	var all []Wait
	for where := range j.places {
		p := j.history.pods[where.uid]
		if where.class != Starting || where.phase != Unproven || p == nil || seen[where.uid] {
			continue
		}
		seen[where.uid] = true
		for i := len(p.states) - 1; i >= 0; i-- {
			// The last time that it became ready, after its last start.
			if p.states[i].ready && (i == 0 || !p.states[i-1].ready) {
				w := Wait{Pod: p.name, UID: p.uid, Open: p.first < p.states[i].at}
				until := min(p.first, p.gone)
				if w.Open {
					until = min(p.gone, p.stop, j.within.until)
				}
				if w.Lasted = until.Sub(p.states[i].at); w.Lasted > 0 {
					all = append(all, w)
				}
				break
			}
		}
	}
	slices.SortFunc(all, func(a, b Wait) int {
		return cmp.Or(cmp.Compare(b.Lasted, a.Lasted), cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.UID, b.UID))
	})
	return all
}

// empty is for how long the Services of the streams had no ready endpoint within a span, at the most of them.
func (h *History) empty(within span) time.Duration {
	longest := time.Duration(0)
	for service := range h.services {
		used := slices.ContainsFunc(h.list(), func(s *stream) bool { return s.service == service })
		if used {
			longest = max(longest, h.without(service, within))
		}
	}
	return longest
}

func (h *History) list() []*stream {
	var all []*stream
	for _, s := range h.streams {
		all = append(all, s)
	}
	return all
}

// without adds up the time within a span in which a Service had no ready endpoint.
func (h *History) without(service string, within span) time.Duration {
	var spans []span
	for _, each := range h.services[service] {
		spans = append(spans, each...)
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	empty, covered := time.Duration(0), within.from
	for _, s := range spans {
		if s.from > covered {
			empty += min(s.from, within.until).Sub(min(covered, within.until))
		}
		covered = max(covered, s.until)
	}
	if covered < within.until {
		empty += within.until.Sub(covered)
	}
	return empty
}

// Group is pods that were lost together, and what they had in common.
type Group struct {
	// Pods counts those that were lost, All those that were ready before.
	Pods, All int
	// Evicted counts those that were lost by eviction.
	Evicted int
	// Node and Zone are what all that were ready before had in common; empty where they had not.
	Node, Zone string
	// OtherNodes and OtherZones say that there were others to be in.
	OtherNodes, OtherZones bool
	// Within is the time from the first loss to the last.
	Within time.Duration
}

// together is how near losses must be to count as one.
const together = 10 * time.Second

// Lost is the greatest number of pods that the run took away together. It is to be asked after [NewJoin].
func (h *History) Lost() Group {
	var stops []*pod
	for _, p := range h.order {
		if p.seen() && p.stopKnown {
			stops = append(stops, p)
		}
	}
	slices.SortStableFunc(stops, func(a, b *pod) int { return cmp.Compare(a.stop, b.stop) })
	var worst Group
	for i, first := range stops {
		g := Group{}
		for _, p := range stops[i:] {
			if p.stop.Sub(first.stop) > together {
				break
			}
			g.Pods++
			g.Within = p.stop.Sub(first.stop)
			if h.evicted[p.uid] {
				g.Evicted++
			}
		}
		if g.Pods > worst.Pods {
			worst = h.place(g, first.stop)
		}
	}
	return worst
}

// place says where the pods were that were ready just before an instant.
func (h *History) place(g Group, at event.Instant) Group {
	nodes, zones := map[string]bool{}, map[string]bool{}
	for _, p := range h.order {
		if s, there := p.at(at - 1); there && s.ready && p.stop >= at {
			g.All++
			nodes[p.node] = true
			if n := h.nodes[p.node]; n != nil {
				zones[n.zone] = true
			} else {
				zones[""] = true
			}
		}
	}
	only := func(set map[string]bool) string {
		for name := range set {
			if len(set) == 1 {
				return name
			}
		}
		return ""
	}
	g.Node, g.Zone = only(nodes), only(zones)
	for name, n := range h.nodes {
		g.OtherNodes = g.OtherNodes || name != g.Node
		g.OtherZones = g.OtherZones || n.zone != "" && n.zone != g.Zone
	}
	return g
}

// Died says whether the process of any pod ended in place.
func (h *History) Died() bool {
	return slices.ContainsFunc(h.order, func(p *pod) bool { return len(p.deaths) > 0 })
}

// Stop is how long a pod took to be gone after it was told to stop.
type Stop struct {
	Pod, UID string
	Lasted   time.Duration
}

// Slowest is the pod that took longest; false where none was seen to go.
func (h *History) Slowest() (Stop, bool) {
	var worst Stop
	found := false
	for _, p := range h.order {
		if p.seen() && p.graceful && p.stop != forever && p.gone != forever {
			if lasted := p.gone.Sub(p.stop); !found || lasted > worst.Lasted {
				worst, found = Stop{p.name, p.uid, lasted}, true
			}
		}
	}
	return worst, found
}
