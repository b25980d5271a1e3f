package attribution_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/attribution"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// story is a Service web with the pods a and b, on nodes of their own, which were there before, and a stream over fresh connections.
type story struct{ *attribution.History }

func newStory(connections string) story {
	s := story{attribution.NewHistory()}
	s.at(0, event.StreamStarted{Connections: connections, URL: "http://10.96.0.1/", Service: "web"})
	for _, uid := range []string{"a", "b"} {
		s.at(0, event.NodeObserved{Name: "node-" + uid, Ready: true}, s.pod(uid, func(p *event.PodObserved) { p.Initial = true }),
			event.EndpointObserved{Service: "web", PodUID: uid, Pod: "web-" + uid, Ready: true, Initial: true})
	}
	return s
}

func (s story) at(seconds float64, payloads ...event.Payload) {
	for _, p := range payloads {
		s.Emit(event.Event{At: at(seconds), Payload: p})
	}
}

func (s story) pod(uid string, changes ...func(*event.PodObserved)) event.PodObserved {
	p := event.PodObserved{UID: uid, Name: "web-" + uid, Node: "node-" + uid, Running: true, Ready: true, Target: true}
	for _, change := range changes {
		change(&p)
	}
	return p
}

func (s story) change(seconds float64, verb, uid string, states ...event.ChangeState) {
	for i, state := range states {
		s.at(seconds+0.001*float64(i), event.ChangeUpdated{ID: verb + uid, Verb: verb, State: state, Object: event.Object{Kind: "Pod", UID: uid}})
	}
}

// stop sends a pod away, which is gone 2 s later.
func (s story) stop(seconds float64, uid string) {
	s.change(seconds, "delete", uid, event.ChangeSent, event.ChangeApplied)
	s.at(seconds+0.01, s.pod(uid, func(p *event.PodObserved) { p.Terminating = true }))
	s.at(seconds+0.02, event.EndpointObserved{Service: "web", PodUID: uid, Removed: true})
	s.at(seconds+2, s.pod(uid, func(p *event.PodObserved) { p.Terminating, p.Gone = true, true }))
}

// failure is a request that takes half a second, and fails.
func failure(start float64, cause load.Cause) load.Sample {
	return load.Sample{Due: at(start), Start: at(start), End: at(start + 0.5), Cause: cause}
}

func sentTo(name string, s load.Sample) load.Sample {
	s.Peer.Pod = name
	return s
}

func rejectedBy(name string, status int, s load.Sample) load.Sample {
	s.Pod, s.Status = name, status
	return s
}

func TestClasses(t *testing.T) {
	exact := func(c attribution.Class, p attribution.Phase, e attribution.Evidence, pod string) attribution.Attribution {
		return attribution.Attribution{Class: c, Phase: p, Evidence: e, Pod: pod}
	}
	for name, c := range map[string]struct {
		tell   func(story)
		sample load.Sample
		want   attribution.Attribution
	}{
		"a pod in good health says no": {nil, rejectedBy("web-a", 500, failure(5, load.ServerError)), exact(attribution.Rejected, attribution.Serving, attribution.Named, "web-a")},
		"a stranger says no":           {nil, rejectedBy("proxy", 500, failure(5, load.ServerError)), exact(attribution.Rejected, "", attribution.Named, "proxy")},
		"somebody says no":             {nil, rejectedBy("", 500, failure(5, load.ServerError)), exact(attribution.Rejected, "", attribution.Inferred, "")},
		"no reason to be seen":         {nil, failure(5, load.Refused), exact(attribution.Unknown, "", attribution.Inferred, "")},
		"no name":                      {nil, failure(5, load.DNS), exact(attribution.Unresolved, "", attribution.Certain, "")},
		"no port left":                 {nil, failure(5, load.Local), exact(attribution.Client, "", attribution.Certain, "")},
		"no trust":                     {nil, failure(5, load.TLS), exact(attribution.Insecure, "", attribution.Inferred, "")},
		"refused on the way out":       {func(s story) { s.stop(5, "a") }, failure(5.1, load.Refused), exact(attribution.Stale, attribution.Terminating, attribution.Inferred, "web-a")},
		"cut on the way out":           {func(s story) { s.stop(5, "a") }, failure(4.8, load.Reset), exact(attribution.InFlight, attribution.Serving, attribution.Inferred, "web-a")},
		"cut on a kept connection":     {func(s story) { s.stop(5, "a") }, sentTo("web-a", failure(6.8, load.EOF)), exact(attribution.Stale, attribution.Terminating, attribution.Kept, "web-a")},
		"cut by another":               {func(s story) { s.stop(5, "a") }, sentTo("web-b", failure(4.8, load.Reset)), exact(attribution.Unanswered, attribution.Serving, attribution.Kept, "web-b")},
		"a connection of nobody": {func(s story) { s.at(9, event.StreamEnded{Shared: true}) }, sentTo("web-b", failure(5, load.Reset)),
			exact(attribution.Unknown, "", attribution.Inferred, "")},
		"long after it was removed": {func(s story) { s.stop(5, "a") }, failure(9, load.Refused), exact(attribution.Unknown, "", attribution.Inferred, "")},
		"one of two on their way out": {func(s story) {
			s.at(5, event.EndpointObserved{Service: "web", PodUID: "c", Pod: "web-c", Ready: true}, s.pod("c", func(p *event.PodObserved) { p.Initial = true }))
			s.stop(6, "a")
			s.stop(6, "b")
		}, failure(6.1, load.Refused), exact(attribution.Stale, attribution.Terminating, attribution.Inferred, "")},
		"nobody is left": {func(s story) { s.stop(5, "a"); s.stop(5, "b") }, failure(5.5, load.Refused), exact(attribution.NoEndpoint, "", attribution.Inferred, "")},
		"a new pod refuses": {func(s story) {
			s.at(5, s.pod("c", func(p *event.PodObserved) { p.Running, p.Ready = false, false }), event.EndpointObserved{Service: "web", PodUID: "c", Ready: true})
		}, failure(5.1, load.Refused), exact(attribution.Starting, attribution.Down, attribution.Inferred, "web-c")},
		"a new pod, or one on its way out": {func(s story) {
			s.at(5, s.pod("c", func(p *event.PodObserved) { p.Running, p.Ready = false, false }), event.EndpointObserved{Service: "web", PodUID: "c", Ready: true})
			s.stop(5, "a")
		}, failure(5.1, load.Refused), exact(attribution.Unknown, "", attribution.Inferred, "")},
		"a process dies in place": {func(s story) {
			s.change(5, "restart container of", "a", event.ChangeSent, event.ChangeApplied)
			s.at(6, s.pod("a", func(p *event.PodObserved) { p.Running, p.Ready = false, false }))
		}, failure(4.8, load.Reset), exact(attribution.InFlight, attribution.Serving, attribution.Inferred, "web-a")},
		"and refuses": {func(s story) {
			s.change(5, "restart container of", "a", event.ChangeSent, event.ChangeApplied)
			s.at(6, s.pod("a", func(p *event.PodObserved) { p.Running, p.Ready = false, false }))
		}, failure(5.1, load.Refused), exact(attribution.Starting, attribution.Serving, attribution.Inferred, "web-a")},
		"a fault holds it": {func(s story) { s.change(5, "run agent in", "a", event.ChangeSent, event.ChangeApplied) }, failure(5.1, load.Timeout),
			exact(attribution.Faulted, attribution.Serving, attribution.Inferred, "web-a")},
		"a fault held it": {func(s story) {
			s.change(5, "run agent in", "a", event.ChangeSent, event.ChangeApplied)
			s.change(6, "run agent in", "a", event.ChangeUndone)
		}, failure(6.1, load.Timeout), exact(attribution.Unknown, "", attribution.Inferred, "")},
		"its node is lost": {func(s story) { s.at(45, event.NodeObserved{Name: "node-b"}) }, failure(10, load.Timeout),
			exact(attribution.NodeLost, attribution.Serving, attribution.Inferred, "web-b")},
		"its node is back": {func(s story) {
			s.at(45, event.NodeObserved{Name: "node-b"})
			s.at(50, event.NodeObserved{Name: "node-b", Ready: true})
		}, failure(51, load.Timeout), exact(attribution.Unknown, "", attribution.Inferred, "")},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory("fresh")
			if c.tell != nil {
				c.tell(s)
			}
			join := attribution.NewJoin(s.History, 0, at(60))
			join.Add(load.Sample{Due: at(1), Start: at(1), End: at(1.1), Status: 200, Pod: "web-a"})
			join.Add(c.sample)
			r := join.Result()
			require.Len(t, r.Classes, 1)
			found := r.Classes[0].Examples[0].Attribution
			found.UID = ""
			assert.Equal(t, c.want, attribution.Attribution{Class: found.Class, Phase: found.Phase, Evidence: found.Evidence, Pod: found.Pod})
		})
	}
}

// TestAPodThatAnswersDoesNotRefuse, though it is not ready: it was the one that had been told to stop.
func TestAPodThatAnswersDoesNotRefuse(t *testing.T) {
	s := newStory("fresh")
	s.change(5, "delete", "a", event.ChangeSent, event.ChangeApplied)
	s.at(5.01, s.pod("a", func(p *event.PodObserved) { p.Terminating = true })) // and stays an endpoint
	s.at(6, s.pod("c", func(p *event.PodObserved) { p.Ready = false }), event.EndpointObserved{Service: "web", PodUID: "c", Pod: "web-c", Ready: true})
	join := attribution.NewJoin(s.History, 0, at(60))
	join.Add(failure(6.1, load.Refused))
	join.Add(rejectedBy("web-c", 503, failure(6.2, load.ServerError)))
	join.Add(failure(7, load.Refused))
	r := join.Result()
	assert.EqualValues(t, 1, r.Of(attribution.Unknown), "either of them may refuse")
	assert.EqualValues(t, 1, r.Of(attribution.Starting))
	assert.EqualValues(t, 1, r.Of(attribution.Stale))
	assert.EqualValues(t, 1, r.Leaving.Listed)
}

// TestFailuresWithoutTrouble keep others of their kind from being ascribed to a pod that happens to be in trouble.
func TestFailuresWithoutTrouble(t *testing.T) {
	s := newStory("fresh")
	s.stop(20, "a")
	join := attribution.NewJoin(s.History, 0, at(60))
	for _, start := range []float64{5, 6, 7} {
		join.Add(failure(start, load.Reset))
	}
	join.Add(failure(19.8, load.Reset))
	join.Add(failure(20.1, load.Refused))
	r := join.Result()
	assert.EqualValues(t, 4, r.Of(attribution.Unknown))
	assert.EqualValues(t, 1, r.Of(attribution.Stale))
}
