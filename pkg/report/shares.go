package report

import (
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// StreamShares are who answered the requests of a stream, before, during and after the fault.
type StreamShares struct {
	Name        string
	Connections string
	Phases      []PhaseShares
}

// PhaseShares are the shares of a phase.
type PhaseShares struct {
	Phase event.Phase
	verdict.Shares
}

// streamShares counts them.
type streamShares struct {
	stream event.StreamStarted
	phases []event.Phase
	counts []*balance
}

// shares are those of the streams whose answers are to name their pods, in each phase that began.
func (r *record) shares() []streamShares {
	var all []streamShares
	for _, s := range r.streams {
		if !r.named(s.Name) {
			continue
		}
		counted := streamShares{stream: s}
		for _, p := range r.spans {
			span := verdict.Span{Start: p.Start, End: p.End}
			counted.phases = append(counted.phases, p.Phase)
			counted.counts = append(counted.counts, &balance{
				load: s.Name, window: verdict.Window(p.Phase), span: span, streams: []int{s.ID}, stretches: r.members.of(r.serviceOf(s), span),
			})
		}
		all = append(all, counted)
	}
	return all
}

// named says that the answers of a load are asked for the pod that they come from.
func (r *record) named(load string) bool {
	for i := range r.experiment.Spec.Load {
		if l := &r.experiment.Spec.Load[i]; l.Name == load {
			return l.HTTP.PodHeader != ""
		}
	}
	return false
}

// count lists, for each stream, who counts its requests: few, where a run has many.
func (q *requests) count() {
	add := func(b *balance) {
		for _, id := range b.streams {
			if id >= len(q.counted) {
				q.counted = append(q.counted, make([][]*balance, id+1-len(q.counted))...)
			}
			q.counted[id] = append(q.counted[id], b)
		}
	}
	for _, b := range q.balances {
		add(b)
	}
	for _, s := range q.shares {
		for _, b := range s.counts {
			add(b)
		}
	}
}

// phaseShares are what was counted, of the streams that any pod with a name has answered.
func phaseShares(counted []streamShares) []StreamShares {
	var all []StreamShares
	for _, c := range counted {
		s, answered := StreamShares{Name: c.stream.Name, Connections: c.stream.Connections}, uint64(0)
		for i, b := range c.counts {
			shares := b.result()
			for _, p := range shares.Pods {
				answered += p.Answered
			}
			s.Phases = append(s.Phases, PhaseShares{c.phases[i], shares})
		}
		if answered > 0 {
			all = append(all, s)
		}
	}
	return all
}
