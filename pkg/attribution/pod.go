package attribution

import (
	"slices"
	"sort"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

const (
	// settling is how long after an endpoint is removed requests may still be sent there: what distributes them learns of it after
	// we do, and kube-proxy gathers changes for a second.
	settling = 2 * time.Second
	// unseenDeath is how long before a kubelet shows it a container may have died: it looks every second, and tells at its leisure.
	unseenDeath = 3 * time.Second
	// youth is how long after its start a pod may be ready and not serve.
	youth = time.Minute
	// nodeSilence is how long before it is said to be not ready a node may have been lost: the grace period of the node controller
	// and an interval of the kubelet's.
	nodeSilence = 50 * time.Second
)

// pod is the life of one.
type pod struct {
	uid, name, node string
	addresses       []string
	initial         bool
	created         event.Instant
	states          []state
	// stop is when it was told to stop, or was first seen to have been; stopKnown says that the run told it itself.
	stop      event.Instant
	stopKnown bool
	// graceful says that it was seen on its way out before it was gone.
	graceful bool
	gone     event.Instant
	restarts int
	// killed are the instants at which the run killed a container.
	killed []event.Instant
	deaths []death
	acts   []act
	// served is the end of its last success, so far; first is that of the first one since it was last started.
	served, first event.Instant
	// heard is the end of the last answer of any kind, so far.
	heard event.Instant
}

// state is what was seen of a pod, from an instant on.
type state struct {
	at             event.Instant
	running, ready bool
}

// death is the end of a process within a pod that lives on. It was at some time from from to seen, and the container was up again
// at up.
type death struct{ from, seen, up event.Instant }

// act is a fault at work on the pod.
type act struct {
	change string
	span
}

// seen says that a watch has shown the pod, and not only its endpoint.
func (p *pod) seen() bool { return len(p.states) > 0 }

func (p *pod) observe(at event.Instant, o event.PodObserved) {
	if o.Left && p.seen() {
		return // it lives on as it was, until it is seen to be gone
	}
	before := state{}
	if p.seen() {
		before = p.states[len(p.states)-1]
	} else {
		p.name, p.created, p.initial = o.Name, at, o.Initial
	}
	if o.Node != "" {
		p.node = o.Node
	}
	for _, a := range split(o.Addresses) {
		if !slices.Contains(p.addresses, a) {
			p.addresses = append(p.addresses, a)
		}
	}
	ended := o.Terminating || o.Gone
	switch {
	case ended:
	case p.seen() && o.Restarts > p.restarts && len(p.deaths) > 0 && p.deaths[len(p.deaths)-1].up == forever:
		if o.Running {
			p.deaths[len(p.deaths)-1].up = at
		}
	case p.seen() && (o.Restarts > p.restarts || before.running && !o.Running):
		d := death{at, at, forever}
		if o.Running {
			d.up = at
		}
		p.deaths = append(p.deaths, d)
	case o.Running && len(p.deaths) > 0 && p.deaths[len(p.deaths)-1].up == forever:
		p.deaths[len(p.deaths)-1].up = at
	}
	p.restarts = o.Restarts
	p.states = append(p.states, state{at, o.Running, o.Ready})
	if ended && !p.stopKnown {
		p.stop = min(p.stop, at)
	}
	p.graceful = p.graceful || o.Terminating && !o.Gone
	if o.Gone {
		p.gone = min(p.gone, at)
	}
}

// released ends what a fault did.
func (p *pod) released(change string, at event.Instant) {
	for i := range p.acts {
		if p.acts[i].change == change && p.acts[i].until == forever {
			// Its effect ends no later than this, and what it held back may take a moment.
			p.acts[i].until = at
		}
	}
}

// finish places what was seen late. Deaths begin when the run killed the container, or some time before they were seen.
func (p *pod) finish(late time.Duration) {
	for i := range p.deaths {
		d := &p.deaths[i]
		d.from = d.seen.Add(-unseenDeath)
		for _, k := range p.killed {
			if k <= d.seen && d.seen.Sub(k) < time.Minute {
				d.from = k
			}
		}
		if i > 0 {
			d.from = max(d.from, p.deaths[i-1].seen)
		}
	}
	if !p.stopKnown && p.stop != forever {
		p.stop = p.stop.Add(-late)
	}
}

// at is the state of the pod at an instant; none before it was seen.
func (p *pod) at(when event.Instant) (state, bool) {
	i := sort.Search(len(p.states), func(i int) bool { return p.states[i].at > when })
	if i == 0 {
		return state{}, false
	}
	return p.states[i-1], true
}

// up is since when the containers run that ran at an instant.
func (p *pod) up(when event.Instant) event.Instant {
	since := p.created
	for _, d := range p.deaths {
		if d.seen <= when {
			since = d.seen
		}
	}
	return since
}

// dead is the death that a request met: one within it, or one that was not over.
func (p *pod) dead(start, end event.Instant) (death, bool) {
	for _, d := range p.deaths {
		if (span{d.from, max(d.up, d.seen.Add(1))}).touches(start, end) {
			return d, true
		}
	}
	return death{}, false
}

func (p *pod) acted(start, end event.Instant) bool {
	return slices.ContainsFunc(p.acts, func(a act) bool { return a.touches(start, end) })
}

// phase is where in its life the pod was at an instant. Proven says whether answers tell who gave them, so that a pod that has
// not answered yet is known not to have.
func (p *pod) phase(when event.Instant, proven bool) Phase {
	switch s, there := p.at(when); {
	case when >= p.gone:
		return Gone
	case when >= p.stop:
		return Terminating
	case !there || !s.running:
		return Down
	case !s.ready:
		return Unready
	case proven && !p.hasServed(when):
		return Unproven
	default:
		return Serving
	}
}

// hasServed says whether any request has succeeded since the pod was last started. Of a pod that was there before the run, and
// was not restarted since, it is taken for granted.
func (p *pod) hasServed(when event.Instant) bool {
	since := p.up(when)
	if p.initial && since == p.created {
		return true
	}
	return p.served > since
}

// wasReady says whether the pod has been ready since it was last started.
func (p *pod) wasReady(when event.Instant) bool {
	since := p.up(when)
	for _, s := range p.states {
		if s.ready && s.at >= since && s.at <= when {
			return true
		}
	}
	return false
}

// unproven says that the containers of a pod have not been up for long, so that it may not serve though it is ready.
func (p *pod) unproven(when event.Instant) bool {
	return !p.hasServed(when) && when.Sub(p.up(when)) < youth
}

// listens says that the pod has answered since its containers were last started, if only with failures: it does not refuse.
func (p *pod) listens(when event.Instant) bool { return p.heard > p.up(when) }

// serve notes a success.
func (p *pod) serve(end event.Instant) {
	if p.first == 0 || p.first < p.up(end) {
		p.first = end
	}
	p.served = max(p.served, end)
}
