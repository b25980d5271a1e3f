package report

import (
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// lanes is the fold over the lives of the target's pods.
type lanes struct {
	byUID map[string]*PodLane
	order []*PodLane
	ready map[string]bool
	// counts is the number of ready pods over time.
	counts []verdict.ReadyCount
	lapses []verdict.Lapse
	// missed says that some of what they did was not seen, and cut that nobody watches them any more.
	missed, cut bool
}

func newLanes() *lanes { return &lanes{byUID: map[string]*PodLane{}, ready: map[string]bool{}} }

func (l *lanes) add(at event.Instant, p event.PodObserved) {
	if !p.Target {
		return
	}
	lane := l.byUID[p.UID]
	// The pods that were there from the start are one state, though they are logged one after another.
	start := lane == nil && p.Initial
	if lane == nil {
		lane = &PodLane{Name: p.Name, UID: p.UID}
		l.byUID[p.UID] = lane
		l.order = append(l.order, lane)
	}
	if p.Node != "" {
		lane.Node = p.Node
	}
	if n := len(lane.Segments); n > 0 && lane.Segments[n-1].End < 0 {
		if lane.Segments[n-1].State == "ready" && podState(p) != "ready" && !p.Terminating && !p.Gone && !p.Left {
			l.lapses = append(l.lapses, verdict.Lapse{At: at, Pod: p.Name, UID: p.UID})
		}
		if lane.Segments[n-1].State == podState(p) && !p.Gone && !p.Left {
			return
		}
		lane.Segments[n-1].End = at
	}
	if !p.Gone && !p.Left {
		lane.Segments = append(lane.Segments, PodSegment{State: podState(p), Start: at, End: -1})
	}
	l.count(at, p, start)
}

func podState(p event.PodObserved) string {
	switch {
	case p.Terminating:
		return "terminating"
	case p.Ready:
		return "ready"
	case p.Running:
		return "running"
	case p.Scheduled:
		return "starting"
	}
	return "pending"
}

func (l *lanes) count(at event.Instant, p event.PodObserved, start bool) {
	if ready := p.Ready && !p.Terminating && !p.Gone && !p.Left; ready {
		l.ready[p.UID] = true
	} else {
		delete(l.ready, p.UID)
	}
	n := len(l.ready)
	switch last := len(l.counts) - 1; {
	case last >= 0 && l.counts[last].Ready == n:
	case start && last == 0:
		l.counts[last].Ready = n
	default:
		l.counts = append(l.counts, verdict.ReadyCount{At: at, Ready: n})
	}
}

// lanes ends the segments that are open at the end of the run.
func (l *lanes) lanes(end event.Instant) []PodLane {
	var all []PodLane
	for _, lane := range l.order {
		for i := range lane.Segments {
			if lane.Segments[i].End < 0 {
				lane.Segments[i].End = end
			}
		}
		all = append(all, *lane)
	}
	return all
}
