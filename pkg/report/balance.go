package report

import (
	"cmp"
	"maps"
	"slices"
	"sort"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// membership is who was ready in each Service, and when.
type membership struct {
	// ready holds, by Service, the pods that are ready now, by their UIDs.
	ready map[string]map[string]string
	// since holds, by Service, who was ready from which instant on.
	since map[string][]members
	// seen holds, by Service, the UIDs of all pods that it ever had.
	seen map[string]map[string]bool
}

// members are the names of the pods that are ready from an instant on, sorted.
type members struct {
	from event.Instant
	pods []string
}

func newMembership() *membership {
	return &membership{ready: map[string]map[string]string{}, since: map[string][]members{}, seen: map[string]map[string]bool{}}
}

func (m *membership) add(at event.Instant, e event.EndpointObserved) {
	ready := m.ready[e.Service]
	if ready == nil {
		ready = map[string]string{}
		m.ready[e.Service], m.seen[e.Service] = ready, map[string]bool{}
	}
	m.seen[e.Service][e.PodUID] = true
	was := len(ready)
	_, known := ready[e.PodUID]
	if e.Ready && !e.Removed {
		ready[e.PodUID] = e.Pod
	} else {
		delete(ready, e.PodUID)
	}
	if _, now := ready[e.PodUID]; now == known && len(ready) == was {
		return
	}
	m.since[e.Service] = append(m.since[e.Service], members{at, slices.Sorted(maps.Values(ready))})
}

// only is the one Service that has pods of the target, where a load does not go to a Service by its name; "" where there
// are several.
func (m *membership) only(targets *lanes) string {
	found := ""
	for name, pods := range m.seen {
		for uid := range pods {
			switch {
			case targets.byUID[uid] == nil:
				continue
			case found != "":
				return ""
			}
			found = name
			break
		}
	}
	return found
}

// of are the stretches of a Service within a window, each with the instant of its end.
func (m *membership) of(service string, window verdict.Span) []stretch {
	var all []stretch
	since := m.since[service]
	for i, s := range since {
		from, until := max(s.from, window.Start), window.End
		if i+1 < len(since) {
			until = min(until, since[i+1].from)
		}
		if from < until {
			all = append(all, stretch{members: members{from, s.pods}, until: until, answered: map[string]*uint64{}})
		}
	}
	return all
}

// stretch is a time in which the same pods were ready, and how many requests each of them answered.
type stretch struct {
	members
	until event.Instant
	// answered has those that answered any.
	answered map[string]*uint64
}

// of counts the requests that a pod answered; nil where it was not ready.
func (s *stretch) of(pod string) *uint64 {
	answered := s.answered[pod]
	if answered == nil {
		if _, ready := slices.BinarySearch(s.pods, pod); !ready {
			return nil
		}
		answered = new(uint64)
		s.answered[pod] = answered
	}
	return answered
}

// balance counts who answered the requests of some streams within a window.
type balance struct {
	load      string
	window    verdict.Window
	span      verdict.Span
	streams   []int
	stretches []stretch
	// newest is where the last request fell into, since the next one mostly does too.
	newest int
	shares verdict.Shares
}

// balances are those that the experiment has expectations of.
func (r *record) balances() []*balance {
	var all []*balance
	for _, x := range r.experiment.Spec.Expect {
		b, ok := x.Params.(*verdict.Balance)
		if !ok {
			continue
		}
		span, began := r.windows()[b.During]
		if !began {
			continue
		}
		counted := &balance{load: b.Of, window: b.During, span: span}
		for _, s := range r.streams {
			if s.Name == b.Of && s.Connections == string(experiment.Fresh) {
				counted.streams = append(counted.streams, s.ID)
				counted.stretches = r.members.of(r.serviceOf(s), span)
			}
		}
		all = append(all, counted)
	}
	return all
}

// serviceOf is the Service that a stream goes to; "" where it is not known.
func (r *record) serviceOf(s event.StreamStarted) string {
	return orElse(s.Service, r.members.only(r.pods))
}

// add counts a request of one of the streams.
func (b *balance) add(s load.Sample) {
	if s.Due < b.span.Start || s.Due >= b.span.End {
		return
	}
	if s.Pod == "" {
		b.shares.Unnamed++
		return
	}
	if i := b.at(s.Start); i >= 0 {
		if answered := b.stretches[i].of(s.Pod); answered != nil {
			*answered++
			return
		}
	}
	b.shares.Others++
}

// at is the last stretch that begins before an instant or at it; -1 where there is none.
func (b *balance) at(start event.Instant) int {
	n := b.newest
	if n >= len(b.stretches) || b.stretches[n].from > start || n+1 < len(b.stretches) && b.stretches[n+1].from <= start {
		n = sort.Search(len(b.stretches), func(i int) bool { return b.stretches[i].from > start }) - 1
		b.newest = max(n, 0)
	}
	return n
}

// result gives each pod its share. Those that were never ready have none.
func (b *balance) result() verdict.Shares {
	byPod := map[string]*verdict.Share{}
	for _, s := range b.stretches {
		total := uint64(0)
		for _, answered := range s.answered {
			total += *answered
		}
		for _, name := range s.pods {
			share := byPod[name]
			if share == nil {
				share = &verdict.Share{Pod: name}
				byPod[name] = share
			}
			if answered := s.answered[name]; answered != nil {
				share.Answered += *answered
			}
			share.Equal += float64(total) / float64(len(s.pods))
			share.Ready += s.until.Sub(s.from).Seconds() / b.span.Length().Seconds()
		}
	}
	result := b.shares
	for _, share := range byPod {
		result.Pods = append(result.Pods, *share)
	}
	slices.SortFunc(result.Pods, func(a, b verdict.Share) int { return cmp.Compare(a.Pod, b.Pod) })
	return result
}
