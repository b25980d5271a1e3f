package timeline_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/timeline"
)

func at(seconds float64) event.Instant { return event.Instant(seconds * 1e9) }

// script is a log in the making. Its methods append events at an instant in seconds.
type script struct{ *timeline.Fold }

func newScript() script { return script{timeline.NewFold()} }

func (s script) add(seconds float64, p event.Payload) {
	s.Emit(event.Event{At: at(seconds), Payload: p})
}

// kill is a deletion that was sent and acknowledged.
func (s script) kill(seconds float64, uid string) {
	change := event.ChangeUpdated{ID: "kill/" + uid, Object: event.Object{Kind: "Pod", UID: uid}, State: event.ChangeSent}
	s.add(seconds, change)
	change.State = event.ChangeApplied
	s.add(seconds+0.001, change)
}

func (s script) pod(seconds float64, p event.PodObserved) { s.add(seconds, p) }

func (s script) endpoint(seconds float64, uid string, ready bool) {
	s.add(seconds, event.EndpointObserved{Service: "web", PodUID: uid, Ready: ready, Removed: !ready})
}

// of makes a pod of a ReplicaSet of the target.
func of(uid string) event.PodObserved {
	return event.PodObserved{UID: uid, Name: "web-" + uid, OwnerUID: "rs1", OwnerKind: "ReplicaSet", Target: true, Scheduled: true, Prepared: true, Running: true}
}

func ready(p event.PodObserved) event.PodObserved {
	p.Ready = true
	return p
}

func terminating(p event.PodObserved) event.PodObserved {
	p.Terminating = true
	return p
}

func gone(p event.PodObserved) event.PodObserved {
	p.Terminating, p.Gone, p.Ready = true, true, false
	return p
}

// lives lets a pod come up, a stage each tenth of a second, up to its endpoint.
func (s script) lives(from float64, p event.PodObserved) {
	p.Scheduled, p.Prepared, p.Running, p.Ready = false, false, false, false
	s.pod(from, p)
	p.Scheduled = true
	s.pod(from+0.1, p)
	p.Prepared = true
	s.pod(from+0.2, p)
	p.Running = true
	s.pod(from+0.3, p)
	p.Ready = true
	s.pod(from+0.4, p)
	s.endpoint(from+0.5, p.UID, true)
}

func (s script) only(t require.TestingT) timeline.Recovery {
	all := s.Recoveries()
	require.Len(t, all, 1)
	return all[0]
}

func phases(r timeline.Recovery) (found []string) {
	for s := timeline.Detected; s <= timeline.Stable; s++ {
		if took, ok := r.Phase(s); ok {
			found = append(found, fmt.Sprintf("%d:%v", s, took.Round(time.Millisecond)))
		}
	}
	return found
}

func TestRecovery(t *testing.T) {
	s := newScript()
	s.lives(1, of("a"))
	s.kill(10, "a")
	s.pod(10.01, ready(terminating(of("a"))))
	s.endpoint(10.03, "a", false)
	s.lives(10.05, of("b"))
	s.pod(11, gone(of("a")))
	r := s.only(t)
	assert.Equal(t, "web-a", r.Victim.Name)
	require.NotNil(t, r.Replacement)
	assert.Equal(t, "b", r.Replacement.UID)
	assert.Equal(t, []string{"1:10ms", "2:40ms", "3:100ms", "4:100ms", "5:100ms", "6:100ms", "7:100ms"}, phases(r))
	assert.Equal(t, 550*time.Millisecond, r.Total().Round(time.Millisecond))
	assert.Equal(t, timeline.Published, r.Last())
	assert.Equal(t, at(10.03), r.Deregistered)
	assert.False(t, r.Censored)
	assert.False(t, r.Complete())
	r.Reach(timeline.Served, at(10.6))
	r.Reach(timeline.Stable, at(10.6))
	assert.True(t, r.Complete())
}

// TestRecoveryOfWhatLeaves: that a pod which was removed at once is gone, and has not left by its labels, is found out a little
// later than it is out of sight; the loss is as of that.
func TestRecoveryOfWhatLeaves(t *testing.T) {
	left := func(p event.PodObserved) event.PodObserved {
		p.Left, p.Ready = true, false
		return p
	}
	for name, was := range map[string]event.PodObserved{"ready": ready(of("a")), "not ready": of("a")} {
		s := newScript()
		s.pod(1, was)
		s.kill(10, "a")
		s.pod(10.01, left(of("a")))
		s.pod(10.02, gone(of("a")))
		s.lives(10.05, of("b"))
		r := s.only(t)
		detected, ok := r.Phase(timeline.Detected)
		assert.True(t, ok, name)
		assert.Equal(t, 10*time.Millisecond, detected.Round(time.Millisecond), name)
	}
	s := newScript()
	s.pod(1, ready(of("a")))
	s.pod(2, left(of("a"))) // by its labels, which come back
	s.pod(3, of("a"))
	s.kill(10, "a")
	s.pod(10.03, terminating(of("a")))
	s.pod(11, gone(of("a")))
	r := s.only(t)
	detected, _ := r.Phase(timeline.Detected)
	assert.Equal(t, 30*time.Millisecond, detected.Round(time.Millisecond), "that it was away before is no loss")
}

// TestEditedPodIsNotLost: a pod whose labels are changed needs no replacement.
func TestEditedPodIsNotLost(t *testing.T) {
	s := newScript()
	s.lives(1, of("a"))
	change := event.ChangeUpdated{ID: "e", Object: event.Object{Kind: "Pod", UID: "a"}, Verb: "patch", State: event.ChangeSent}
	s.add(10, change)
	change.State = event.ChangeApplied
	s.add(10.001, change)
	assert.Empty(t, s.Recoveries())
}

// TestDetect: a grace period does not delay the detection, which is the first sign of the victim's end after the
// request. A victim that was not ready for a while before is not detected by that.
// TestRestartInPlace: a pod whose container was restarted is its own replacement.
func TestRestartInPlace(t *testing.T) {
	s := newScript()
	s.lives(0, of("a"))
	s.kill(10, "a")
	p := of("a")
	p.Running = false
	s.pod(11, p)
	s.endpoint(11.1, "a", false)
	p.Running, p.Restarts = true, 1
	s.pod(12, p)
	s.pod(13, ready(p))
	s.endpoint(13.5, "a", true)
	all := s.Recoveries()
	require.Len(t, all, 1)
	r := all[0]
	require.NotNil(t, r.Replacement)
	assert.Equal(t, "a", r.Replacement.UID)
	assert.Equal(t, timeline.Published, r.Last())
	for stage, want := range map[timeline.Stage]float64{timeline.Injected: 10, timeline.Detected: 11, timeline.Started: 12, timeline.BecameReady: 13, timeline.Published: 13.5} {
		assert.Equal(t, at(want), r.At[stage], "%d", stage)
	}
	assert.False(t, r.Reached[timeline.Created])
	assert.Equal(t, at(11.1), r.Deregistered)
}

// TestPodWithAnAgentIsNotLost: it goes on.
func TestPodWithAnAgentIsNotLost(t *testing.T) {
	s := newScript()
	s.lives(0, of("a"))
	change := event.ChangeUpdated{ID: "e", Object: event.Object{Kind: "Pod", UID: "a"}, Verb: "run agent in", State: event.ChangeSent}
	s.add(10, change)
	change.State = event.ChangeApplied
	s.add(10.1, change)
	assert.Empty(t, s.Recoveries())
}

func TestDetect(t *testing.T) {
	for name, c := range map[string]struct {
		observe func(s script)
		want    time.Duration
	}{
		"with grace: terminating, still ready": {func(s script) {
			s.pod(10.01, ready(terminating(of("a"))))
			s.pod(40, gone(of("a")))
		}, 10 * time.Millisecond},
		"without grace: gone":          {func(s script) { s.pod(10.02, gone(of("a"))) }, 20 * time.Millisecond},
		"not ready before terminating": {func(s script) { s.pod(10.03, of("a")); s.pod(10.05, terminating(of("a"))) }, 30 * time.Millisecond},
		"seen before the request was":  {func(s script) { s.pod(9.99, terminating(of("a"))) }, 0},
		"a crash and a return before":  {func(s script) { s.pod(5, of("a")); s.pod(6, ready(of("a"))); s.pod(10.04, terminating(of("a"))) }, 40 * time.Millisecond},
		"a crash before, for good":     {func(s script) { s.pod(5, of("a")); s.pod(10.04, terminating(of("a"))) }, 40 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript()
			s.lives(1, of("a"))
			c.observe(s)
			s.kill(10, "a") // the acknowledgement may be logged after what it led to
			r := s.only(t)
			require.True(t, r.Reached[timeline.Detected])
			took, _ := r.Phase(timeline.Detected)
			assert.Equal(t, c.want, took.Round(time.Millisecond))
		})
	}
}

func TestNeverDetected(t *testing.T) {
	s := newScript()
	s.lives(1, of("a"))
	s.pod(5, of("a")) // not ready any more, by itself
	s.kill(10, "a")
	r := s.only(t)
	assert.False(t, r.Reached[timeline.Detected])
	assert.Equal(t, timeline.Injected, r.Last())
	assert.Zero(t, r.Total())
}

func TestMatching(t *testing.T) {
	statefulSet := func(uid, name string) event.PodObserved {
		p := of(uid)
		p.Name, p.OwnerKind, p.OwnerUID = name, "StatefulSet", "sts1"
		return p
	}
	daemonSet := func(uid, node string) event.PodObserved {
		p := of(uid)
		p.Node, p.OwnerKind, p.OwnerUID = node, "DaemonSet", "ds1"
		return p
	}
	other := func(uid, owner string) event.PodObserved {
		p := of(uid)
		p.OwnerUID = owner
		return p
	}
	for name, c := range map[string]struct {
		observe func(s script)
		want    map[string]string
	}{
		"another ReplicaSet's pod is not taken": {func(s script) {
			s.lives(1, of("a"))
			s.kill(10, "a")
			s.lives(10.1, other("x", "rs2"))
			s.lives(10.2, of("b"))
		}, map[string]string{"a": "b"}},
		"one that was there before is not taken": {func(s script) {
			s.lives(1, of("a"))
			s.lives(9, of("older"))
			s.kill(10, "a")
		}, map[string]string{"a": ""}},
		"without a controller nothing comes back": {func(s script) {
			s.lives(1, other("a", ""))
			s.kill(10, "a")
			s.lives(10.1, other("b", ""))
		}, map[string]string{"a": ""}},
		"several victims, in order": {func(s script) {
			s.lives(1, of("a"))
			s.lives(1, of("b"))
			s.kill(10, "b")
			s.kill(11, "a")
			s.lives(11.1, of("c"))
			s.lives(11.2, of("d"))
		}, map[string]string{"b": "c", "a": "d"}},
		"a replacement that came before the second injection": {func(s script) {
			s.lives(1, of("a"))
			s.lives(1, of("b"))
			s.kill(10, "a")
			s.lives(10.1, of("c"))
			s.kill(11, "b")
		}, map[string]string{"a": "c", "b": ""}},
		"a replacement that is killed itself": {func(s script) {
			s.lives(1, of("a"))
			s.kill(10, "a")
			s.lives(10.1, of("b"))
			s.kill(20, "b")
			s.lives(20.1, of("c"))
		}, map[string]string{"a": "b", "b": "c"}},
		"StatefulSet: by name": {func(s script) {
			s.lives(1, statefulSet("a", "db-0"))
			s.lives(1, statefulSet("b", "db-1"))
			s.kill(10, "a")
			s.kill(10, "b")
			s.lives(10.1, statefulSet("b2", "db-1"))
			s.lives(10.2, statefulSet("a2", "db-0"))
		}, map[string]string{"a": "a2", "b": "b2"}},
		"DaemonSet: by node": {func(s script) {
			s.lives(1, daemonSet("a", "node1"))
			s.lives(1, daemonSet("b", "node2"))
			s.kill(10, "a")
			s.kill(10.001, "b")
			s.lives(10.1, daemonSet("b2", "node2"))
			s.lives(10.2, daemonSet("a2", "node1"))
		}, map[string]string{"a": "a2", "b": "b2"}},
		"its endpoint is seen before it": {func(s script) {
			s.lives(1, of("a"))
			s.kill(10, "a")
			s.endpoint(10.1, "b", true)
			s.lives(10.2, of("b"))
		}, map[string]string{"a": "b"}},
		"a victim that is none of the target": {func(s script) {
			p := of("a")
			p.Target = false
			s.lives(1, p)
			s.kill(10, "a")
		}, map[string]string{}},
		"a victim that was never seen": {func(s script) { s.kill(10, "a") }, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript()
			c.observe(s)
			got := map[string]string{}
			all := s.Recoveries()
			for _, r := range all {
				got[r.Victim.UID] = ""
				if r.Replacement != nil {
					got[r.Victim.UID] = r.Replacement.UID
				}
			}
			assert.Equal(t, c.want, got)
			assert.Equal(t, all, s.Recoveries(), "the fold can be read again")
		})
	}
}

func TestOnlyAcknowledgedChangesInject(t *testing.T) {
	s := newScript()
	s.lives(1, of("a"))
	change := event.ChangeUpdated{ID: "evict/a", Verb: "evict", Object: event.Object{Kind: "Pod", UID: "a"}, State: event.ChangeSent}
	s.add(10, change)
	change.State = event.ChangeBlocked
	s.add(10.001, change)
	assert.Empty(t, s.Recoveries())
	change.State = event.ChangeSent
	s.add(15, change)
	change.State = event.ChangeApplied
	s.add(15.001, change)
	assert.Equal(t, at(15), s.only(t).At[timeline.Injected], "a budget refused the first request")
	s.add(16, event.ChangeUpdated{ID: "cordon", Object: event.Object{Kind: "Node", UID: "n"}, State: event.ChangeApplied})
	s.only(t)
}

func TestCensored(t *testing.T) {
	for name, c := range map[string]struct {
		gap      float64
		resource string
		replaced bool
		want     bool
	}{
		"before the injection":        {9, "pods", true, false},
		"during the recovery":         {10.2, "pods", true, true},
		"of endpoints":                {10.2, "endpointslices", true, true},
		"of nodes: no matter":         {10.2, "nodes", true, false},
		"after the recovery":          {20, "pods", true, false},
		"later, and nothing was seen": {20, "pods", false, true},
		"before, and nothing after":   {9, "pods", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript()
			s.lives(1, of("a"))
			s.kill(10, "a")
			if c.replaced {
				s.lives(10.1, of("b"))
			}
			s.add(c.gap, event.WatchInterrupted{Resource: c.resource, Reason: "expired"})
			assert.Equal(t, c.want, s.only(t).Censored)
		})
	}
}

func TestDeregistered(t *testing.T) {
	s := newScript()
	s.lives(1, of("a"))
	s.endpoint(3, "a", false) // it came and went before
	s.endpoint(4, "a", true)
	s.kill(10, "a")
	s.endpoint(10.2, "a", false)
	s.endpoint(10.4, "a", false)
	assert.Equal(t, at(10.2), s.only(t).Deregistered)

	none := newScript()
	none.lives(1, of("a"))
	none.endpoint(3, "a", false)
	none.kill(10, "a")
	assert.Zero(t, none.only(t).Deregistered, "it was no endpoint when it was removed")
}

// TestPhasesTelescope lets watches deliver at random, out of order and more than once: phases are never negative, and sum
// to the total exactly.
func TestPhasesTelescope(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		instant := rapid.Float64Range(9.5, 20)
		s := newScript()
		s.lives(1, of("a"))
		s.kill(10, "a")
		for range rapid.IntRange(0, 12).Draw(t, "events") {
			when := instant.Draw(t, "at")
			uid := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "of")
			if rapid.Bool().Draw(t, "endpoint") {
				s.endpoint(when, uid, rapid.Bool().Draw(t, "published"))
				continue
			}
			p := of(uid)
			p.Scheduled, p.Prepared, p.Running = rapid.Bool().Draw(t, "s"), rapid.Bool().Draw(t, "p"), rapid.Bool().Draw(t, "r")
			p.Ready, p.Terminating, p.Gone = rapid.Bool().Draw(t, "ready"), rapid.Bool().Draw(t, "t"), rapid.Bool().Draw(t, "g")
			s.pod(when, p)
		}
		r := s.only(t)
		for _, stage := range []timeline.Stage{timeline.Served, timeline.Stable} {
			if rapid.Bool().Draw(t, "reached") {
				r.Reach(stage, at(instant.Draw(t, "served")))
			}
		}
		var sum time.Duration
		for stage := timeline.Injected; stage <= timeline.Stable; stage++ {
			took, ok := r.Phase(stage)
			require.GreaterOrEqual(t, took, time.Duration(0))
			require.Equal(t, ok, stage != timeline.Injected && r.Reached[stage])
			sum += took
		}
		require.Equal(t, r.Total(), sum)
	})
}
