package load_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

const ms = time.Millisecond

// request is one that was sent at once when it was due.
func request(stream int, due, took time.Duration, cause load.Cause) load.Sample {
	return load.Sample{Stream: stream, Due: at(due), Start: at(due), End: at(due + took), Cause: cause}
}

func tallyOf(streams []load.Stream, samples []load.Sample, windows ...load.Window) *load.Tally {
	tally := load.NewTally(streams, windows...)
	for _, s := range samples {
		tally.Add(s)
	}
	return tally
}

var browse = []load.Stream{{ID: 0, Name: "browse", Fresh: true}, {ID: 1, Name: "browse"}}

func TestWindowsHoldWhatWasDueInThem(t *testing.T) {
	var samples []load.Sample
	for i := range 100 {
		s := request(i%2, time.Duration(i)*10*ms, 20*ms, load.None)
		s.Pod = []string{"a", "b"}[i%2]
		s.Start = s.Start.Add(5 * ms)
		if i >= 50 && i < 60 {
			s.Cause = load.Refused
		}
		samples = append(samples, s)
	}
	tally := tallyOf(browse, samples,
		load.Window{Name: "steady", Start: 0, End: at(500 * ms)},
		load.Window{Name: "fault", Start: at(500 * ms), End: at(time.Second)},
		load.Whole("run"))

	steady, fault, run := tally.Pool("browse").Window("steady"), tally.Pool("browse").Window("fault"), tally.Pool("browse").Window("run")
	assert.Equal(t, []uint64{50, 50, 100}, []uint64{steady.Requests, fault.Requests, run.Requests})
	assert.Equal(t, []uint64{0, 10, 10}, []uint64{steady.Failures, fault.Failures, run.Failures})
	assert.Equal(t, map[load.Cause]uint64{load.Refused: 10}, fault.ByCause)
	assert.Equal(t, map[string]load.PodCount{"a": {25, 5}, "b": {25, 5}}, fault.ByPod)
	assert.Equal(t, int64(90), run.Response.TotalCount(), "of successes only")
	assert.InEpsilon(t, 20*ms, run.Response.ValueAtQuantile(50), 0.001)
	assert.InEpsilon(t, 15*ms, run.Service.ValueAtQuantile(50), 0.001)
	assert.InDelta(t, 100, run.Rate(), 1e-9)
	assert.InDelta(t, 0.8, fault.Availability().Value(), 1e-9)

	fresh := tally.Stream(0).Window("fault")
	assert.Equal(t, []uint64{25, 5}, []uint64{fresh.Requests, fresh.Failures})
	assert.Equal(t, []load.Count{{100, 10}}, tally.Pool("browse").Seconds())
	assert.Nil(t, tally.Pool("browse").Window("recovery"))
	assert.Nil(t, tally.Pool("other"))
	assert.Nil(t, tally.Stream(7))
	tally.Add(load.Sample{Stream: 7})
}

func TestPodsAreBounded(t *testing.T) {
	var samples []load.Sample
	for i := range 1000 {
		s := request(0, time.Duration(i)*ms, ms, load.None)
		s.Pod = fmt.Sprint("web-", i)
		samples = append(samples, s)
	}
	pods := tallyOf(browse, samples, load.Whole("run")).Stream(0).Window("run").ByPod
	assert.Len(t, pods, 201)
	assert.Equal(t, uint64(800), pods[load.OtherPods].Requests)
}

func TestBucketsCoarsenAndHideNothing(t *testing.T) {
	var samples []load.Sample
	const step = 50 * ms
	for i := range 20_000 { // 1000 s
		s := request(0, time.Duration(i)*step, ms+time.Duration(i%100)*100*time.Microsecond, load.None)
		switch i {
		case 12_345:
			s.Cause = load.Reset
		case 15_000:
			s.End = s.Start.Add(3 * time.Second)
		}
		samples = append(samples, s)
	}
	width, buckets := tallyOf(browse[:1], samples).Stream(0).Buckets()
	assert.Equal(t, 400*ms, width)
	assert.Len(t, buckets, 2500)
	var requests, failures uint64
	var most time.Duration
	for i, b := range buckets {
		assert.Equal(t, at(time.Duration(i)*width), b.Start)
		requests, failures, most = requests+b.Requests, failures+b.Failures, max(most, b.Max)
		assert.LessOrEqual(t, b.Min, b.P50)
		assert.LessOrEqual(t, b.P50, b.P99)
		assert.LessOrEqual(t, b.P99, b.Max)
	}
	assert.Equal(t, uint64(20_000), requests)
	assert.Equal(t, uint64(1), failures)
	assert.Equal(t, uint64(1), buckets[12_345*step/width].Failures)
	assert.Equal(t, 3*time.Second, most)

	// Eight requests a bucket: 1.0, 1.1 … 1.7 ms in the first.
	assert.InEpsilon(t, 1300*time.Microsecond, buckets[0].P50, 0.03)
	assert.Equal(t, ms, buckets[0].Min)
	assert.Equal(t, 1700*time.Microsecond, buckets[0].Max)
}

// TestTheOrderOfCompletionDoesNotMatter shuffles what a run could deliver in another order.
func TestTheOrderOfCompletionDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		timeout := time.Duration(rapid.IntRange(10, 3000).Draw(t, "timeout")) * ms
		interval := time.Duration(rapid.IntRange(1, 200).Draw(t, "interval")) * ms
		streams := []load.Stream{{ID: 0, Name: "a", Timeout: timeout}, {ID: 1, Name: "a", Timeout: timeout / 2}}
		causes := append(load.Causes(), load.None, load.None, load.None, load.None)
		type delivery struct {
			load.Sample
			at event.Instant
		}
		deliveries := make([]delivery, rapid.IntRange(1, 300).Draw(t, "requests"))
		draw := rapid.IntRange(0, 1<<20)
		for i := range deliveries {
			x := draw.Draw(t, "x")
			s := request(i%2, time.Duration(i)*interval, time.Duration(x%1000)*streams[i%2].Timeout/1000, causes[x/7%len(causes)])
			deliveries[i] = delivery{s, s.End.Add(time.Duration(draw.Draw(t, "delay")%1000) * ms)}
		}
		inOrder := load.NewTally(streams, load.Whole("run"))
		shuffled := load.NewTally(streams, load.Whole("run"))
		slices.SortFunc(deliveries, func(a, b delivery) int { return int(a.Start - b.Start) })
		for _, d := range deliveries {
			inOrder.Add(d.Sample)
		}
		slices.SortFunc(deliveries, func(a, b delivery) int { return int(a.at - b.at) })
		for _, d := range deliveries {
			shuffled.Add(d.Sample)
		}
		for _, pair := range [][2]*load.Series{
			{inOrder.Pool("a"), shuffled.Pool("a")},
			{inOrder.Stream(0), shuffled.Stream(0)},
			{inOrder.Stream(1), shuffled.Stream(1)},
		} {
			requireSameStats(t, pair[0].Window("run"), pair[1].Window("run"))
			require.Equal(t, pair[0].Seconds(), pair[1].Seconds())
			require.Equal(t, pair[0].Outages(), pair[1].Outages())
			_, want := pair[0].Buckets()
			_, got := pair[1].Buckets()
			require.Equal(t, want, got)
		}
	})
}

// requireSameStats compares histograms by what they hold, which is quicker than field by field.
func requireSameStats(t *rapid.T, want, got *load.Stats) {
	require.True(t, want.Response.Equals(got.Response))
	require.True(t, want.Service.Equals(got.Service))
	w, g := *want, *got
	w.Response, w.Service, g.Response, g.Service = nil, nil, nil, nil
	require.Equal(t, w, g)
}

// TestMemoryDoesNotGrowWithRequests adds many more requests to a span that was seen before.
func TestMemoryDoesNotGrowWithRequests(t *testing.T) {
	tally := load.NewTally(browse, load.Whole("run"))
	round := func() {
		for i := range 1000 {
			cause := load.None
			if i%10 == 0 {
				cause = load.Timeout
			}
			tally.Add(request(i%2, time.Duration(i)*ms, time.Duration(i%50)*ms, cause))
		}
		// Takes the watermark past all of them.
		tally.Add(request(0, 10*time.Second, ms, load.None))
	}
	round()
	perRound := testing.AllocsPerRun(20, round)
	t.Logf("%.0f allocations for 1001 requests more", perRound)
	assert.Less(t, perRound, 20.0)
}

func BenchmarkTally(b *testing.B) {
	samples := plausible(100_000)
	tally := load.NewTally(browse, load.Whole("run"), load.Window{Name: "fault", Start: at(time.Second), End: at(time.Minute)})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tally.Add(samples[i%len(samples)])
	}
}
