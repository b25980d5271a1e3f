package attribution

import (
	"cmp"
	"iter"
	"math"
	"net/netip"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// forever is an instant that no run reaches.
const forever = event.Instant(math.MaxInt64)

// span is a stretch of time; until does not belong to it.
type span struct{ from, until event.Instant }

func (s span) holds(at event.Instant) bool { return s.from <= at && at < s.until }

// touches says whether the span and the time from start to end have an instant in common.
func (s span) touches(start, end event.Instant) bool { return s.from <= end && start < s.until }

// History is the lives of pods, endpoints and nodes during a run. Events may be added in the order of the log only.
type History struct {
	pods  map[string]*pod
	order []*pod
	// byName and byAddress hold pods in the order in which they came.
	byName, byAddress map[string][]*pod
	// services holds, by name and by the pod's UID, when it was a ready endpoint.
	services map[string]map[string][]span
	// members are the same, in the order of the pods, once the history is complete.
	members map[string][]member
	nodes   map[string]*node
	sent    map[string]event.Instant // by change
	streams map[int]*stream
	// late is the most that a watch was seen to be late.
	late time.Duration
	// evicted holds the UIDs of pods that were evicted.
	evicted map[string]bool
	gaps    bool
}

// member is a pod of a Service, and when it was ready in it.
type member struct {
	*pod
	in []span
}

// node is what was seen of one: where it is, and when it was not ready.
type node struct {
	zone string
	lost []span
}

// stream is where one leads.
type stream struct {
	service string
	// host is the address in its URL, where that is one.
	host string
	kept bool
	// shared says that a connection is no pod's.
	shared bool
}

// NewHistory makes an empty one.
func NewHistory() *History {
	return &History{
		pods: map[string]*pod{}, byName: map[string][]*pod{}, byAddress: map[string][]*pod{}, services: map[string]map[string][]span{}, nodes: map[string]*node{},
		sent: map[string]event.Instant{}, streams: map[int]*stream{}, evicted: map[string]bool{},
	}
}

// Emit adds an event.
func (h *History) Emit(e event.Event) {
	switch p := e.Payload.(type) {
	case event.StreamStarted:
		s := &stream{service: p.Service, kept: p.Connections != "fresh"}
		if u, err := url.Parse(p.URL); err == nil {
			if address, err := netip.ParseAddr(u.Hostname()); err == nil {
				s.host = address.Unmap().WithZone("").String()
			}
		}
		h.streams[p.ID] = s
	case event.StreamEnded:
		if s := h.streams[p.ID]; s != nil {
			s.shared = p.Shared
		}
	case event.ChangeUpdated:
		h.change(e.At, p)
	case event.PodObserved:
		h.pod(p.UID).observe(e.At, p)
	case event.EndpointObserved:
		h.endpoint(e.At, p)
	case event.NodeObserved:
		h.node(e.At, p)
	case event.WatchInterrupted:
		h.gaps = h.gaps || p.Resource == "pods" || p.Resource == "endpointslices"
	case event.WatchMeasured:
		h.late = time.Duration(p.Max * float64(time.Second))
	}
}

// Gaps says that a watch of pods or endpoints was cut, so that some of what happened may be missing.
func (h *History) Gaps() bool { return h.gaps }

// pod is the life of one, which may be known by its endpoint, or by what is done to it, before it is seen.
func (h *History) pod(uid string) *pod {
	p := h.pods[uid]
	if p == nil {
		p = &pod{uid: uid, stop: forever, gone: forever}
		h.pods[uid] = p
		h.order = append(h.order, p)
	}
	return p
}

// change notes when a pod was told to stop, when its process was killed, and when a fault acted on it.
func (h *History) change(at event.Instant, c event.ChangeUpdated) {
	if c.Object.Kind != "Pod" || c.Object.UID == "" {
		return
	}
	switch c.State {
	case event.ChangeSent:
		h.sent[c.ID] = at
		return
	case event.ChangeApplied:
	case event.ChangeUndone, event.ChangeDiverged:
		h.pod(c.Object.UID).released(c.ID, at)
		return
	default:
		return
	}
	sent, known := h.sent[c.ID]
	if !known {
		sent = at
	}
	p := h.pod(c.Object.UID)
	switch c.Verb {
	case "evict":
		h.evicted[p.uid] = true
		fallthrough
	case "delete":
		p.stop, p.stopKnown = min(p.stop, sent), true
	case "restart container of":
		p.killed = append(p.killed, sent)
	case "run agent in":
		p.acts = append(p.acts, act{c.ID, span{sent, forever}})
	}
}

func (h *History) endpoint(at event.Instant, e event.EndpointObserved) {
	h.pod(e.PodUID)
	pods := h.services[e.Service]
	if pods == nil {
		pods = map[string][]span{}
		h.services[e.Service] = pods
	}
	spans := pods[e.PodUID]
	open := len(spans) > 0 && spans[len(spans)-1].until == forever
	switch ready := e.Ready && !e.Removed; {
	case ready && !open:
		if e.Initial {
			at = math.MinInt64
		}
		pods[e.PodUID] = append(spans, span{at, forever})
	case !ready && open:
		spans[len(spans)-1].until = at
	}
}

func (h *History) node(at event.Instant, e event.NodeObserved) {
	n := h.nodes[e.Name]
	if n == nil {
		n = &node{}
		h.nodes[e.Name] = n
	}
	if e.Zone != "" {
		n.zone = e.Zone
	}
	open := len(n.lost) > 0 && n.lost[len(n.lost)-1].until == forever
	switch lost := !e.Ready || e.Gone; {
	case lost && !open:
		// That a node is silent is noticed late.
		n.lost = append(n.lost, span{at.Add(-nodeSilence), forever})
	case !lost && open:
		n.lost[len(n.lost)-1].until = at
	}
}

// finish completes what only the end of the record shows.
func (h *History) finish() {
	slices.SortStableFunc(h.order, func(a, b *pod) int { return cmp.Compare(a.created, b.created) })
	for _, p := range h.order {
		p.finish(h.late)
		if p.seen() {
			h.byName[p.name] = append(h.byName[p.name], p)
		}
		for _, a := range p.addresses {
			h.byAddress[a] = append(h.byAddress[a], p)
		}
	}
	h.members = map[string][]member{}
	for service, pods := range h.services {
		for _, p := range h.order {
			if in := pods[p.uid]; len(in) > 0 {
				h.members[service] = append(h.members[service], member{p, in})
			}
		}
	}
	// A Service that no stream names is known where it is the only one of the target's pods.
	only := h.onlyService()
	for _, s := range h.streams {
		s.service = cmp.Or(s.service, only)
	}
}

func (h *History) onlyService() string {
	var with []string
	for name, pods := range h.services {
		for uid := range pods {
			if h.pods[uid].seen() {
				with = append(with, name)
				break
			}
		}
	}
	if len(with) != 1 {
		return ""
	}
	return with[0]
}

// named is the pod that had a name at an instant: the last one that was there by then.
func (h *History) named(name string, at event.Instant) *pod { return latest(h.byName[name], at) }

// addressed is the pod that had an address at an instant: the last one that was there by then.
func (h *History) addressed(address string, at event.Instant) *pod {
	return latest(h.byAddress[address], at)
}

// latest is the last of the pods that was there at an instant, in the order in which they came.
func latest(pods []*pod, at event.Instant) *pod {
	i := sort.Search(len(pods), func(i int) bool { return pods[i].created > at })
	if i == 0 {
		return nil
	}
	return pods[i-1]
}

// endpoints says whether any pod was ready in a Service at an instant; known is false for a Service of which nothing was seen.
func (h *History) endpoints(service string, at event.Instant) (some, known bool) {
	_, known = h.services[service]
	return slices.ContainsFunc(h.members[service], func(m member) bool {
		return slices.ContainsFunc(m.in, func(s span) bool { return s.holds(at) })
	}), known
}

// candidates are the pods that a request of a stream may have been sent to: those that the Service had, and those that it has
// just lost, or that were to be reached on a connection of an earlier time. Where nothing was seen of the Service they are all that lived.
func (h *History) candidates(s *stream, at event.Instant) iter.Seq[*pod] {
	_, known := h.services[s.service]
	return func(yield func(*pod) bool) {
		if !known {
			for _, p := range h.order {
				if p.seen() && p.created <= at.Add(h.late) && at <= later(p.gone, settling) && !yield(p) {
					return
				}
			}
			return
		}
		for _, m := range h.members[s.service] {
			if m.seen() && m.created <= at.Add(h.late) && h.reached(s, m, at) && !yield(m.pod) {
				return
			}
		}
	}
}

// reached says whether a Service may have sent a request of a stream to one of its pods.
func (h *History) reached(s *stream, m member, at event.Instant) bool {
	return slices.ContainsFunc(m.in, func(in span) bool {
		until := later(in.until, settling)
		if s.kept {
			until = max(until, later(m.gone, settling))
		}
		return in.from <= at.Add(h.late) && at <= until
	})
}

// listed says whether a pod was a ready endpoint of a Service at an instant.
func (h *History) listed(service string, p *pod, at event.Instant) bool {
	return slices.ContainsFunc(h.services[service][p.uid], func(s span) bool { return s.holds(at) })
}

// later is an instant d after another; forever stays so.
func later(at event.Instant, d time.Duration) event.Instant {
	if at == forever {
		return forever
	}
	return at.Add(d)
}

// lostNode says whether the node of a pod was not ready at any time of a request.
func (h *History) lostNode(p *pod, start, end event.Instant) bool {
	n := h.nodes[p.node]
	return n != nil && slices.ContainsFunc(n.lost, func(s span) bool { return s.touches(start, end) })
}

// split cuts a pod's addresses apart.
func split(addresses string) []string {
	if addresses == "" {
		return nil
	}
	return strings.Split(addresses, ",")
}
