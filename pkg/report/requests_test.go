package report

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/timeline"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// recovered is a recovery whose replacement was created and ready at two instants.
func recovered(name string, created, ready float64) timeline.Recovery {
	r := timeline.Recovery{Replacement: &event.PodObserved{Name: name}}
	r.Reach(timeline.Injected, at(0))
	r.Reach(timeline.Created, at(created))
	r.Reach(timeline.BecameReady, at(ready))
	return r
}

func success(start float64, pod string) load.Sample {
	return load.Sample{Due: at(start), Start: at(start), End: at(start + 0.1), Pod: pod}
}

// servedBy completes a recovery by samples, and gives when it was served.
func servedBy(t *testing.T, rec timeline.Recovery, samples ...load.Sample) (event.Instant, timeline.Recovery) {
	t.Helper()
	recoveries := []timeline.Recovery{rec}
	r := &record{streams: []event.StreamStarted{{Name: "browse", Rate: 1}}, experiment: &experiment.Experiment{}, end: at(100)}
	q := newRequests(load.NewTally(r.loadStreams()), recoveries)
	for _, s := range samples {
		require.NoError(t, q.add(s))
	}
	q.complete(recoveries, r)
	if !recoveries[0].Reached[timeline.Served] {
		return 0, recoveries[0]
	}
	return recoveries[0].At[timeline.Served], recoveries[0]
}

func TestServed(t *testing.T) {
	when, rec := servedBy(t, recovered("web-c", 1, 2), success(1.5, "web-b"), success(3, "web-c"), success(4, "web-c"))
	assert.Equal(t, at(3.1), when)
	assert.False(t, rec.Inferred)

	when, _ = servedBy(t, recovered("db-0", 1, 2), success(0.5, "db-0"), success(2.5, "db-0"))
	assert.Equal(t, at(2.6), when, "before it was there, its victim of the same name answered")

	when, rec = servedBy(t, recovered("web-c", 1, 2), success(1.5, ""), success(2.5, ""), success(2.2, ""))
	assert.Equal(t, at(2.2), when, "nobody says who answered: the first after it was ready, in whatever order they end")
	assert.True(t, rec.Inferred)

	failed := success(2.5, "web-c")
	failed.Cause = load.ServerError
	when, _ = servedBy(t, recovered("web-c", 1, 2), failed, success(5, "web-b"))
	assert.Zero(t, when, "neither a failure nor another pod's answer is its own")

	pending := recovered("web-c", 1, 2)
	pending.Reached[timeline.BecameReady] = false
	when, _ = servedBy(t, pending, success(5, "web-c"))
	assert.Zero(t, when, "who is not ready is not asked for")

	lost := recovered("", 1, 2)
	lost.Replacement = nil
	when, _ = servedBy(t, lost, success(5, "web-c"))
	assert.Zero(t, when)
}

// TestUnasked: a replacement that nobody chose, as where a Service has session affinity, has not failed. One that may have been asked has.
func TestUnasked(t *testing.T) {
	published := recovered("web-c", 1, 2)
	published.Reach(timeline.Published, at(3))
	failed := func(start float64) load.Sample {
		s := success(start, "")
		s.Cause = load.Refused
		return s
	}
	_, rec := servedBy(t, published, failed(1), success(2, "web-b"), success(5, "web-b"))
	assert.True(t, rec.Unasked, "what failed before it was published was not sent to it")
	for name, samples := range map[string][]load.Sample{
		"it may have been what failed": {success(2, "web-b"), failed(5), success(6, "web-b")},
		"nobody was asked":             {success(1, "web-b")},
		"nobody says who answered":     {success(5, "")},
		"it served":                    {success(5, "web-b"), success(6, "web-c")},
	} {
		_, rec := servedBy(t, published, samples...)
		assert.False(t, rec.Unasked, name)
	}
	_, rec = servedBy(t, recovered("web-c", 1, 2), success(5, "web-b"))
	assert.False(t, rec.Unasked, "it was not in its Service")
}

// TestFirstSuccessAgreesWithNaive holds the search to looking at all requests for each recovery.
func TestFirstSuccessAgreesWithNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var recoveries []timeline.Recovery
		for i := range rapid.IntRange(1, 8).Draw(t, "recoveries") {
			ready := rapid.Float64Range(0, 20).Draw(t, "ready")
			recoveries = append(recoveries, recovered(fmt.Sprint("web-", i), ready, ready))
		}
		q := newRequests(load.NewTally(nil), recoveries)
		starts := rapid.SliceOf(rapid.Float64Range(0, 25)).Draw(t, "starts")
		for _, start := range starts {
			require.NoError(t, q.add(success(start, "")))
		}
		for i, rec := range recoveries {
			want := sighting{after: rec.At[timeline.BecameReady]}
			for _, start := range starts {
				if at(start) >= want.after && (!want.seen || at(start) < want.at) {
					want.at, want.seen = at(start), true
				}
			}
			require.Equal(t, want, q.first[i].anyone)
		}
	})
}

// TestSteadyFrom: 100 requests a second for 60 s; those that are told fail.
func TestSteadyFrom(t *testing.T) {
	for name, c := range map[string]struct {
		bound experiment.Percent
		fails func(seconds float64) bool
		from  float64
		want  float64 // NaN for never
	}{
		"at once":                        {1, func(float64) bool { return false }, 10, 10},
		"after an outage":                {1, func(s float64) bool { return s > 8 && s < 12 }, 10, 12},
		"after the last of several":      {1, func(s float64) bool { return s > 11 && s < 12 || s > 14 && s < 15 }, 10, 15},
		"the gap between was too short":  {1, func(s float64) bool { return s > 8 && s < 11 || s > 15.5 && s < 16 }, 10, 16},
		"the gap between was enough":     {1, func(s float64) bool { return s > 8 && s < 11 || s > 16.5 && s < 17 }, 10, 11},
		"some failures are expected":     {0.9, func(s float64) bool { return math.Mod(s, 1) < 0.05 }, 10, 10},
		"the first window that is right": {0.99, func(s float64) bool { return s > 10.1 && s < 10.2 || s > 14.9 && s < 14.92 }, 10, 10.2},
		"never":                          {1, func(s float64) bool { return math.Mod(s, 2) < 0.1 }, 10, math.NaN()},
		"not before the end":             {1, func(s float64) bool { return s > 10 && s < 56 }, 10, math.NaN()},
		"too near to the end":            {1, func(float64) bool { return false }, 56, math.NaN()},
	} {
		t.Run(name, func(t *testing.T) {
			expect := experiment.Expectation{Member: experiment.Member{Kind: "availability", Params: &verdict.Availability{Of: "browse", AtLeast: c.bound}}}
			r := &record{
				streams: []event.StreamStarted{{Name: "browse", Rate: 100}}, end: at(60),
				experiment: &experiment.Experiment{Spec: experiment.Spec{
					Recovery: experiment.Recovery{StableFor: experiment.Duration(5 * time.Second)}, Expect: []experiment.Expectation{expect},
				}},
			}
			q := newRequests(load.NewTally(r.loadStreams(), load.Whole("run")), nil)
			for i := range 6000 {
				s := success(float64(i)/100+0.005, "")
				if c.fails(s.Due.Seconds()) {
					s.Cause = load.Refused
				}
				require.NoError(t, q.add(s))
			}
			got, ok := q.steadyFrom(at(c.from), r)
			if math.IsNaN(c.want) {
				assert.False(t, ok, "%v", got.Seconds())
				return
			}
			require.True(t, ok)
			assert.InDelta(t, c.want, got.Seconds(), 0.1001, "within a bucket")
		})
	}
}

func TestSteadyBoundOfNothing(t *testing.T) {
	r := &record{experiment: &experiment.Experiment{}}
	assert.Equal(t, experiment.Percent(1), r.steadyBound("browse"), "all of them, where the experiment says nothing")
}
