package report

import (
	"fmt"
	"slices"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// surroundings is the fold over what went on around the pods: how many there were to be, what decided that, and what Kubernetes
// told of them.
type surroundings struct {
	byUID    map[string]*CountLane
	order    []*CountLane
	happened []Happening
}

func newSurroundings() *surroundings { return &surroundings{byUID: map[string]*CountLane{}} }

func (s *surroundings) workload(at event.Instant, p event.WorkloadObserved) {
	name := p.Kind + " " + p.Name
	if p.Revision != "" && !p.Target {
		name += ", revision " + p.Revision
	}
	s.step(p.UID, name, "ready", CountStep{At: at, Wanted: p.Desired, Have: p.Ready})
}

func (s *surroundings) scaler(at event.Instant, p event.ScalerObserved) {
	name := fmt.Sprintf("autoscaler %s, %d to %d", p.Name, p.Min, p.Max)
	if why := orElse(p.Inactive, p.Limited); why != "" {
		name += " (" + why + ")"
	}
	step := CountStep{At: at, Wanted: p.Desired, Have: p.Current}
	if p.Gone {
		step.Wanted, step.Have = 0, 0
	}
	s.step(p.UID, name, "current", step)
}

// step adds a state to a lane where it differs from the one before. The lane has the newest name.
func (s *surroundings) step(uid, name, have string, step CountStep) {
	lane := s.byUID[uid]
	if lane == nil {
		lane = &CountLane{Have: have}
		s.byUID[uid] = lane
		s.order = append(s.order, lane)
	}
	lane.Name = name
	if n := len(lane.Steps); n > 0 && lane.Steps[n-1].Wanted == step.Wanted && lane.Steps[n-1].Have == step.Have {
		return
	}
	lane.Steps = append(lane.Steps, step)
}

func (s *surroundings) add(at event.Instant, p event.Happened) {
	s.happened = append(s.happened, Happening{At: at, Warning: p.Warning, About: p.Kind + " " + p.Name, Reason: p.Reason, Message: p.Message, Count: p.Count})
}

// lanes are those in which something changed: that of a workload that kept its size tells nothing that its pods do not.
func (s *surroundings) lanes() []CountLane {
	var all []CountLane
	for _, l := range s.order {
		if len(l.Steps) > 1 {
			all = append(all, *l)
		}
	}
	return all
}

// most is the greatest count of a lane, one at the least.
func (l CountLane) most() int {
	most := 1
	for _, s := range l.Steps {
		most = max(most, s.Wanted, s.Have)
	}
	return most
}

// Words is the lane as a sentence: what was wanted, and what there was, each time that it changed.
func (l CountLane) Words() string {
	text := ""
	for i, s := range l.Steps[:min(len(l.Steps), 12)] {
		if i > 0 {
			text += "; "
		}
		text += fmt.Sprintf("at %s %d wanted, %d %s", offset(s.At.Seconds()), s.Wanted, s.Have, l.Have)
	}
	if more := len(l.Steps) - 12; more > 0 {
		text += "; and " + plural(more, "more step")
	}
	return text
}

// ShownHappened is the head of the Events, in order of time.
func (p *page) ShownHappened() []Happening {
	sorted := slices.Clone(p.Happened)
	slices.SortStableFunc(sorted, func(a, b Happening) int { return int(a.At.Sub(b.At)) })
	return head(p, sorted)
}

// ShownCounts is the head of the lanes of counts.
func (p *page) ShownCounts() []CountLane { return p.Counts[:min(len(p.Counts), p.detail.lanes)] }
