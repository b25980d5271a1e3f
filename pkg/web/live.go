package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// What a page of a run under way shows at the most.
const (
	mostPods  = 60
	mostLines = 40
)

// Live is a run under way, as a fold over its events.
type Live struct {
	id, gameDay string
	clock       event.Clock
	requests    *load.Live
	// gone is closed when the run has left the board.
	gone chan struct{}

	mu      sync.Mutex
	name    string
	phase   event.Phase
	since   event.Instant
	desired int
	pods    map[string]event.PodObserved
	lines   []Line
}

// Line is something that has happened. At is seconds since the start of the run.
type Line struct {
	At   float64 `json:"at"`
	Kind string  `json:"kind"`
	Text string  `json:"text"`
}

// Pod is one of the target's.
type Pod struct {
	Name  string `json:"name"`
	Node  string `json:"node"`
	State string `json:"state"`
}

// State is how a run goes at an instant. Times are seconds.
type State struct {
	RunID      string `json:"runID"`
	Experiment string `json:"experiment"`
	GameDay    string `json:"gameDay"`
	// At is since the start of the run, and InPhase since that of the phase.
	At       float64     `json:"at"`
	Phase    event.Phase `json:"phase"`
	InPhase  float64     `json:"inPhase"`
	Rate     float64     `json:"rate"`
	Success  float64     `json:"success"`
	Requests uint64      `json:"requests"`
	Failures uint64      `json:"failures"`
	Ready    int         `json:"ready"`
	Desired  int         `json:"desired"`
	Pods     []Pod       `json:"pods"`
	MorePods int         `json:"morePods"`
	// Lines are the newest, in their order.
	Lines []Line `json:"lines"`
}

func newLive(id, gameDay string, clock event.Clock, requests *load.Live) *Live {
	return &Live{id: id, gameDay: gameDay, clock: clock, requests: requests, gone: make(chan struct{}), name: id, pods: map[string]event.PodObserved{}}
}

func (l *Live) leave() { close(l.gone) }

// Emit takes an event of the run.
func (l *Live) Emit(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch p := e.Payload.(type) {
	case event.RunStarted:
		var of experiment.Experiment
		if json.Unmarshal(p.Experiment, &of) == nil {
			l.name = cmp.Or(of.Metadata.Name, l.name)
		}
	case event.PhaseStarted:
		l.phase, l.since = p.Phase, e.At
		l.line(e.At, "phase", "phase "+string(p.Phase))
	case event.PhaseEnded:
		if p.Reason != "" {
			l.line(e.At, "warning", p.Reason)
		}
	case event.ChangeUpdated:
		l.change(e.At, p)
	case event.PodObserved:
		if p.Gone || p.Left {
			delete(l.pods, p.UID)
		} else {
			l.pods[p.UID] = p
		}
	case event.WorkloadObserved:
		if p.Target {
			l.desired = p.Desired
		}
	case event.Noted:
		l.line(e.At, "warning", p.Message)
	}
}

func (l *Live) change(at event.Instant, c event.ChangeUpdated) {
	kind := "change"
	switch c.State {
	case event.ChangeIntended, event.ChangeSent:
		return
	case event.ChangeApplied:
		kind = "inject"
	case event.ChangeUndone:
		kind = "undo"
	case event.ChangeFailed, event.ChangeStuck, event.ChangeUnproved, event.ChangeDiverged, event.ChangeBlocked, event.ChangeSkipped:
		kind = "warning"
	}
	text := fmt.Sprintf("%s: %s %s %s", c.State, c.Verb, strings.ToLower(c.Object.Kind), c.Object.Name)
	if c.Message != "" {
		text += ": " + c.Message
	}
	l.line(at, kind, text)
}

func (l *Live) line(at event.Instant, kind, text string) {
	l.lines = append(l.lines, Line{At: at.Seconds(), Kind: kind, Text: text})
	if len(l.lines) > mostLines {
		l.lines = l.lines[1:]
	}
}

// State is how the run goes now. What comes from the cluster is tamed.
func (l *Live) State() State {
	now := l.clock.Now()
	s := State{RunID: l.id, GameDay: l.gameDay, At: now.Seconds(), Pods: []Pod{}}
	good := 0.0
	for _, g := range l.requests.Glance(now) {
		s.Rate += g.Rate
		good += g.Rate * g.Success
		s.Requests += g.Requests
		s.Failures += g.Failures
	}
	s.Success = 1
	if s.Rate > 0 {
		s.Success = good / s.Rate
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.Experiment, s.Phase, s.InPhase, s.Desired = l.name, l.phase, now.Sub(l.since).Seconds(), l.desired
	for _, p := range slices.SortedFunc(maps.Values(l.pods), func(a, b event.PodObserved) int { return cmp.Compare(a.Name, b.Name) }) {
		if p.Ready && !p.Terminating {
			s.Ready++
		}
		if len(s.Pods) == mostPods {
			s.MorePods++
			continue
		}
		s.Pods = append(s.Pods, Pod{Name: p.Name, Node: p.Node, State: stateOf(p)})
	}
	s.Lines = slices.Clone(l.lines)
	return report.Tamed(s)
}

// stateOf says how far a pod is.
func stateOf(p event.PodObserved) string {
	switch {
	case p.Terminating:
		return "terminating"
	case p.Ready:
		return "ready"
	case p.Reason != "":
		return p.Reason
	case p.Running:
		return "running"
	case p.Scheduled:
		return "starting"
	}
	return "pending"
}
