package attribution_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/attribution"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

func at(seconds float64) event.Instant {
	return event.Instant(time.Duration(seconds * float64(time.Second)))
}

// anyEvent is one of those that a history looks at, of few pods, Services and nodes, so that they meet.
func anyEvent(t *rapid.T) event.Payload {
	uid := func() string { return fmt.Sprintf("u%d", rapid.IntRange(0, 3).Draw(t, "pod")) }
	flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
	service := rapid.SampledFrom([]string{"web", "db", ""})
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		id := uid()
		return event.PodObserved{
			UID: id, Name: rapid.SampledFrom([]string{"web-" + id, "web-0"}).Draw(t, "name"), Node: rapid.SampledFrom([]string{"", "node1", "node2"}).Draw(t, "node"), Target: true,
			Running: flag("running"), Ready: flag("ready"), Terminating: flag("terminating"), Gone: flag("gone"), Restarts: rapid.IntRange(0, 3).Draw(t, "restarts"),
			Initial: flag("initial"), Addresses: rapid.SampledFrom([]string{"", "10.0.0.1", "10.0.0.2,fd00::2"}).Draw(t, "addresses"),
		}
	case 1:
		id := uid()
		return event.EndpointObserved{Service: service.Draw(t, "service"), PodUID: id, Pod: "web-" + id, Ready: flag("ready"), Removed: flag("removed"), Initial: flag("initial")}
	case 2:
		id := uid()
		return event.ChangeUpdated{
			ID: "c" + id, Verb: rapid.SampledFrom([]string{"delete", "evict", "run agent in", "restart container of", "patch"}).Draw(t, "verb"),
			State:  rapid.SampledFrom([]event.ChangeState{event.ChangeSent, event.ChangeApplied, event.ChangeUndone, event.ChangeFailed}).Draw(t, "state"),
			Object: event.Object{Kind: "Pod", Name: "web-" + id, UID: id},
		}
	case 3:
		return event.NodeObserved{Name: rapid.SampledFrom([]string{"node1", "node2"}).Draw(t, "node"), Zone: "a", Ready: flag("ready"), Gone: flag("gone")}
	default:
		return event.StreamStarted{
			ID: rapid.IntRange(0, 2).Draw(t, "stream"), Connections: rapid.SampledFrom([]string{"fresh", "reuse"}).Draw(t, "connections"),
			URL: rapid.SampledFrom([]string{"http://10.0.0.1/", "http://web/", "::"}).Draw(t, "url"), Service: service.Draw(t, "service"),
		}
	}
}

func anySample(t *rapid.T) load.Sample {
	due := at(rapid.Float64Range(-5, 65).Draw(t, "due"))
	start := due.Add(time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "wait")))
	return load.Sample{
		Stream: rapid.IntRange(0, 3).Draw(t, "stream"), Due: due, Start: start, End: start.Add(time.Duration(rapid.Int64Range(0, 5e9).Draw(t, "took"))),
		Status: rapid.SampledFrom([]int{0, 200, 404, 502, 503}).Draw(t, "status"), Cause: rapid.SampledFrom(append(load.Causes(), load.None, "new")).Draw(t, "cause"),
		Pod:  rapid.SampledFrom([]string{"", "web-u0", "web-0", "stranger"}).Draw(t, "name"),
		Peer: load.Peer{Address: rapid.SampledFrom([]string{"", "10.0.0.1", "10.0.0.9"}).Draw(t, "address"), Pod: rapid.SampledFrom([]string{"", "web-u1", "stranger"}).Draw(t, "before")},
	}
}

// TestClassesAddUp: whatever happened, every failure within the time has one class, one pod and one cause, no success has any, and
// what is called exact is no more than all.
func TestClassesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := attribution.NewHistory()
		for id := range 2 {
			h.Emit(event.Event{Payload: event.StreamStarted{ID: id, Connections: "fresh", URL: "http://web/", Service: "web"}})
		}
		known := map[int]bool{0: true, 1: true}
		now := 0.0
		for range rapid.IntRange(0, 40).Draw(t, "events") {
			now += rapid.Float64Range(0, 4).Draw(t, "pause")
			p := anyEvent(t)
			if s, ok := p.(event.StreamStarted); ok {
				known[s.ID] = true
			}
			h.Emit(event.Event{At: at(now), Payload: p})
		}
		samples := make([]load.Sample, rapid.IntRange(0, 60).Draw(t, "samples"))
		for i := range samples {
			samples[i] = anySample(t)
		}
		slices.SortStableFunc(samples, func(a, b load.Sample) int { return int(a.End - b.End) })
		join := attribution.NewJoin(h, 0, at(60))
		failures := uint64(0)
		for _, s := range samples {
			join.Add(s)
			if known[s.Stream] && !s.OK() && s.Due >= 0 && s.Due < at(60) {
				failures++
			}
		}
		r := join.Result()
		var sum, exact uint64
		for _, c := range r.Classes {
			if !slices.Contains(attribution.Classes(), c.Class) {
				t.Fatalf("the class %q is none", c.Class)
			}
			sum, exact = sum+c.Failures, exact+c.Exact
			var places, placesExact uint64
			for _, p := range c.Places {
				places, placesExact = places+p.Failures, placesExact+p.Exact
				byCause := uint64(0)
				for _, n := range p.Causes {
					byCause += n
				}
				if byCause != p.Failures {
					t.Fatalf("%d by cause of %d", byCause, p.Failures)
				}
			}
			if places != c.Failures || placesExact != c.Exact || c.Exact > c.Failures || len(c.Examples) == 0 || len(c.Examples) > 3 {
				t.Fatalf("%+v", c)
			}
			if c.Class == attribution.Unknown && c.Exact > c.Failures {
				t.Fatalf("%+v", c)
			}
		}
		if sum != failures || sum != r.Failures || exact != r.Exact {
			t.Fatalf("%d of %d failures have a class; %+v", sum, failures, r)
		}
		if r.Empty < 0 || r.Empty > time.Minute || r.Leaving.Forced > r.Leaving.Failures || r.Leaving.Longest < 0 {
			t.Fatalf("%+v", r)
		}
		_ = h.Lost()
	})
}

// TestManyPodsTakeLittleMemory: of more pods than are told apart, none is lost in the count.
func TestManyPodsTakeLittleMemory(t *testing.T) {
	h := attribution.NewHistory()
	h.Emit(event.Event{Payload: event.StreamStarted{Connections: "fresh", URL: "http://web/", Service: "web"}})
	const pods = 5000
	for i := range pods {
		h.Emit(event.Event{Payload: event.PodObserved{UID: fmt.Sprint(i), Name: fmt.Sprint("web-", i), Running: true, Ready: true, Initial: true}})
	}
	join := attribution.NewJoin(h, 0, at(60))
	for i := range 2 * pods {
		join.Add(load.Sample{Start: at(1), End: at(2), Status: 500, Cause: load.ServerError, Pod: fmt.Sprint("web-", i%pods)})
	}
	r := join.Result()
	require.Len(t, r.Classes, 1)
	assert.Equal(t, attribution.Rejected, r.Classes[0].Class)
	assert.EqualValues(t, 2*pods, r.Failures)
	assert.EqualValues(t, 2*pods, r.Exact)
	assert.LessOrEqual(t, len(r.Classes[0].Places), 2001)
	assert.Len(t, r.Classes[0].Examples, 3)
}

// TestAPodOfTheSameName: a pod of a StatefulSet comes back by its name, and an address goes to another; who is meant depends on when.
func TestAPodOfTheSameName(t *testing.T) {
	h := attribution.NewHistory()
	h.Emit(event.Event{Payload: event.StreamStarted{Connections: "fresh", URL: "http://10.0.0.7/"}})
	first := event.PodObserved{UID: "a", Name: "db-0", Running: true, Ready: true, Initial: true, Addresses: "10.0.0.7"}
	h.Emit(event.Event{Payload: first})
	first.Terminating = true
	h.Emit(event.Event{At: at(5), Payload: first})
	first.Gone = true
	h.Emit(event.Event{At: at(6), Payload: first})
	second := event.PodObserved{UID: "b", Name: "db-0"}
	h.Emit(event.Event{At: at(7), Payload: second})
	second.Addresses, second.Running, second.Ready = "10.0.0.7", true, true
	h.Emit(event.Event{At: at(8), Payload: second})
	join := attribution.NewJoin(h, 0, at(60))
	for _, start := range []float64{5.5, 7.5, 8.5} {
		join.Add(load.Sample{Due: at(start), Start: at(start), End: at(start + 0.01), Cause: load.Refused, Peer: load.Peer{Address: "10.0.0.7"}})
	}
	r := join.Result()
	places := map[string]attribution.Phase{}
	for _, c := range r.Classes {
		for _, p := range c.Places {
			places[string(c.Class)+" "+p.UID+" "+string(p.Phase)] = p.Phase
		}
	}
	assert.Contains(t, places, "stale a terminating")
	assert.Contains(t, places, "starting b container not up")
	assert.Contains(t, places, "starting b ready, had not served")
	assert.EqualValues(t, 3, r.Exact)
}

// TestReadyNoMore: a pod that has ceased to be ready is told from one that is not ready yet, and one that somebody has taken out of the
// workload lives on.
func TestReadyNoMore(t *testing.T) {
	h := attribution.NewHistory()
	h.Emit(event.Event{Payload: event.StreamStarted{Connections: "fresh", URL: "http://web/"}})
	for _, uid := range []string{"a", "b"} {
		h.Emit(event.Event{Payload: event.PodObserved{UID: uid, Name: uid, Running: true, Ready: true, Initial: true}})
	}
	h.Emit(event.Event{At: at(5), Payload: event.PodObserved{UID: "a", Name: "a", Running: true}})
	h.Emit(event.Event{At: at(5), Payload: event.PodObserved{UID: "b", Name: "b", Running: true, Left: true}})
	h.Emit(event.Event{At: at(5), Payload: event.PodObserved{UID: "c", Name: "c", Running: true}})
	join := attribution.NewJoin(h, 0, at(60))
	for _, name := range []string{"a", "b", "c"} {
		join.Add(load.Sample{Due: at(6), Start: at(6), End: at(6.1), Status: 503, Cause: load.ServerError, Pod: name})
	}
	classes := map[string]attribution.Class{}
	for _, c := range join.Result().Classes {
		classes[c.Places[0].Pod] = c.Class
	}
	assert.Equal(t, map[string]attribution.Class{"a": attribution.NotReady, "b": attribution.Rejected, "c": attribution.Starting}, classes)
}

func BenchmarkJoin(b *testing.B) {
	h := attribution.NewHistory()
	h.Emit(event.Event{Payload: event.StreamStarted{Connections: "fresh", URL: "http://web/", Service: "web"}})
	for i := range 100 {
		h.Emit(event.Event{Payload: event.PodObserved{UID: fmt.Sprint(i), Name: fmt.Sprint("web-", i), Running: true, Ready: true, Initial: true}})
		h.Emit(event.Event{Payload: event.EndpointObserved{Service: "web", PodUID: fmt.Sprint(i), Pod: fmt.Sprint("web-", i), Ready: true, Initial: true}})
	}
	join := attribution.NewJoin(h, 0, at(1e6))
	b.ReportAllocs()
	for i := range b.N {
		s := load.Sample{Due: at(1), Start: at(1), End: at(2), Status: 200, Pod: fmt.Sprint("web-", i%100)}
		if i%10 == 0 {
			s = load.Sample{Due: at(1), Start: at(1), End: at(2), Cause: load.Refused}
		}
		join.Add(s)
	}
}
