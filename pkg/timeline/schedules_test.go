package timeline_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// schedules is how many are tried at the least, whatever rapid is told.
const schedules = 1000

// controller is what brings the pods of a schedule back.
type controller struct{ kind, uid string }

// told is an event of a schedule, and when it is seen.
type told struct {
	at      float64
	payload event.Payload
}

// schedule is a run of several victims of several controllers, as the API could have told it.
type schedule struct {
	events []told
	// successor is the pod that was made in place of each victim; empty where none was.
	successor map[string]string
	// exchangeable holds, by controller, the victims whose successors may be told apart by nobody, in the order of their injection.
	exchangeable map[string][]string
	controllers  map[string]string
	pods         int
}

func (s *schedule) add(at float64, p event.Payload) { s.events = append(s.events, told{at, p}) }

func (s *schedule) newPod(c controller, name, node string) event.PodObserved {
	s.pods++
	uid := fmt.Sprintf("pod-%d", s.pods)
	if name == "" {
		name = "web-" + uid
	}
	s.controllers[uid] = c.uid
	return event.PodObserved{UID: uid, Name: name, Node: node, OwnerUID: c.uid, OwnerKind: c.kind, Target: true}
}

// comesUp adds the life of a pod up to a stage, of five, with gaps of any length in between. Its node is known from the first stage on.
func (s *schedule) comesUp(t *rapid.T, from float64, p event.PodObserved, stages int) {
	node := p.Node
	gap := rapid.Float64Range(0.001, 3)
	p.Node = ""
	s.add(from, p)
	for stage := range stages {
		from += gap.Draw(t, "gap")
		switch stage {
		case 0:
			p.Node, p.Scheduled = node, true
		case 1:
			p.Prepared = true
		case 2:
			p.Running = true
		case 3:
			p.Ready = true
		case 4:
			s.add(from, event.EndpointObserved{Service: "web", PodUID: p.UID, Ready: true})
			continue
		}
		s.add(from, p)
	}
}

// draw makes a schedule: controllers of all kinds, pods of theirs that were there before, victims at any instants, successors after
// any delay and in any order, some of which get stuck or are never made, and pods that come for other reasons.
func draw(t *rapid.T) *schedule {
	s := &schedule{successor: map[string]string{}, exchangeable: map[string][]string{}, controllers: map[string]string{}}
	for n := range rapid.IntRange(1, 3).Draw(t, "controllers") {
		c := controller{kind: rapid.SampledFrom([]string{"ReplicaSet", "StatefulSet", "DaemonSet"}).Draw(t, "kind"), uid: fmt.Sprintf("controller-%d", n)}
		type loss struct {
			at, detected float64
			pod          event.PodObserved
		}
		var losses []loss
		for i := range rapid.IntRange(1, 6).Draw(t, "pods") {
			name, node := "", rapid.SampledFrom([]string{"n1", "n2", "n3"}).Draw(t, "node")
			switch c.kind {
			case "StatefulSet":
				name = fmt.Sprintf("db-%d-%d", n, i)
			case "DaemonSet":
				node = fmt.Sprintf("node-%d", i)
			}
			p := s.newPod(c, name, node)
			s.comesUp(t, rapid.Float64Range(1, 2).Draw(t, "before"), p, 5)
			if rapid.Bool().Draw(t, "victim") {
				losses = append(losses, loss{rapid.Float64Range(20, 40).Draw(t, "lost"), rapid.Float64Range(0.001, 0.5).Draw(t, "detected"), p})
			}
		}
		slices.SortFunc(losses, func(a, b loss) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.detected, b.detected), cmp.Compare(a.pod.UID, b.pod.UID))
		})
		last := 0.0
		for _, l := range losses {
			s.kill(l.at, l.pod, l.detected)
			s.successor[l.pod.UID] = ""
			if c.kind == "ReplicaSet" {
				s.exchangeable[c.uid] = append(s.exchangeable[c.uid], l.pod.UID)
			}
			if rapid.IntRange(0, 9).Draw(t, "made") == 0 {
				continue
			}
			// A ReplicaSet makes them one after another, in the order in which it saw them go.
			created := l.at + rapid.Float64Range(0.5, 10).Draw(t, "created")
			if c.kind == "ReplicaSet" {
				created = max(created, last+0.001)
			}
			last = created
			name := ""
			if c.kind == "StatefulSet" {
				name = l.pod.Name
			}
			next := s.newPod(c, name, l.pod.Node)
			s.comesUp(t, created, next, rapid.IntRange(0, 5).Draw(t, "stages"))
			s.successor[l.pod.UID] = next.UID
		}
	}
	slices.SortStableFunc(s.events, func(a, b told) int { return cmp.Compare(a.at, b.at) })
	return s
}

// kill is a deletion, the sight of it, and the end of the pod.
func (s *schedule) kill(at float64, p event.PodObserved, detected float64) {
	change := event.ChangeUpdated{ID: "kill/" + p.UID, Object: event.Object{Kind: "Pod", UID: p.UID}, State: event.ChangeSent}
	s.add(at, change)
	change.State = event.ChangeApplied
	s.add(at+0.0005, change)
	p.Scheduled, p.Prepared, p.Running, p.Terminating = true, true, true, true
	s.add(at+detected, p)
	p.Gone = true
	s.add(at+detected+0.4, p)
}

// wrong lists the pairings of a schedule that are not as it was.
func (s *schedule) wrong() (all []string) {
	script := newScript()
	for _, e := range s.events {
		script.add(e.at, e.payload)
	}
	taken := map[string]string{}
	paired := map[string]string{}
	for _, r := range script.Recoveries() {
		victim := r.Victim.UID
		paired[victim] = ""
		if r.Replacement == nil {
			continue
		}
		paired[victim] = r.Replacement.UID
		if other := taken[r.Replacement.UID]; other != "" {
			all = append(all, fmt.Sprintf("%s is taken for %s and for %s", r.Replacement.UID, other, victim))
		}
		taken[r.Replacement.UID] = victim
		if s.controllers[r.Replacement.UID] != s.controllers[victim] {
			all = append(all, fmt.Sprintf("%s is taken for %s, of another controller", r.Replacement.UID, victim))
		}
	}
	for victim, successor := range s.successor {
		if slices.Contains(s.exchangeable[s.controllers[victim]], victim) {
			continue
		}
		// One whose node nobody has seen may be left without a victim, but not be given to another one.
		if got := paired[victim]; got != successor && (got != "" || s.placed(successor)) {
			all = append(all, fmt.Sprintf("%s is paired with %q, and was replaced by %q", victim, got, successor))
		}
	}
	// Among exchangeable pods, the n-th victim has the n-th successor: as many are paired as there are, in order.
	for _, victims := range s.exchangeable {
		var made, got []string
		for _, v := range victims {
			if s.successor[v] != "" {
				made = append(made, s.successor[v])
			}
			if paired[v] != "" {
				got = append(got, paired[v])
			}
		}
		if !slices.Equal(made, got) {
			all = append(all, fmt.Sprintf("%v were made in this order, and taken in the order %v", made, got))
		}
	}
	return all
}

// placed says that a pod was seen on its node, or needs none to be told.
func (s *schedule) placed(uid string) bool {
	for _, e := range s.events {
		if p, ok := e.payload.(event.PodObserved); ok && p.UID == uid && (p.Node != "" || p.OwnerKind != "DaemonSet") {
			return true
		}
	}
	return false
}

// TestPairingsOfManyVictims draws schedules of several victims of several controllers, of which no pairing may be wrong.
func TestPairingsOfManyVictims(t *testing.T) {
	tried, victims := 0, 0
	for tried < schedules {
		rapid.Check(t, func(t *rapid.T) {
			s := draw(t)
			tried++
			victims += len(s.successor)
			require.Empty(t, s.wrong())
		})
		if t.Failed() {
			return
		}
	}
	assert.Greater(t, victims, schedules, "there are several victims in most")
	t.Logf("%d schedules of %d victims, without a wrong pairing", tried, victims)
}
