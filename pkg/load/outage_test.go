package load_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/load"
)

func outagesOf(samples ...load.Sample) load.Outages {
	return tallyOf(browse, samples).Pool("browse").Outages()
}

func TestAnOutageGoesFromTheFirstFailureToTheNextSuccess(t *testing.T) {
	got := outagesOf(
		request(0, 0, 3*ms, load.None),
		request(1, 10*ms, ms, load.Refused),
		request(0, 20*ms, ms, load.Refused),
		request(1, 30*ms, ms, load.None),
	)
	want := load.Outage{Start: at(10 * ms), End: at(30 * ms), Failures: 2, Resolution: 17 * ms}
	assert.Equal(t, load.Outages{Count: 1, Total: 20 * ms, Longest: want, List: []load.Outage{want}}, got)
}

func TestAnOutageOfOneStreamIsNoneOfThePool(t *testing.T) {
	samples := []load.Sample{
		request(0, 0, ms, load.None), request(1, ms, ms, load.None),
		request(0, 10*ms, ms, load.Refused), request(1, 11*ms, ms, load.None),
		request(0, 20*ms, ms, load.Refused), request(1, 21*ms, ms, load.None),
		request(0, 30*ms, ms, load.None),
	}
	tally := tallyOf(browse, samples)
	assert.Equal(t, 20*ms, tally.Stream(0).Outages().Longest.Duration())
	assert.Zero(t, tally.Stream(1).Outages().Count)
	assert.Equal(t, ms, tally.Pool("browse").Outages().Longest.Duration())
}

func TestRequestsInFlightAtADeathArePlacedAtIt(t *testing.T) {
	// The server takes 50 ms for every third request and dies at 100 ms: slow requests from 51 ms on are cut, quick ones
	// that were sent after them had succeeded.
	var samples []load.Sample
	death, back := 100*ms, 300*ms
	for due := time.Duration(0); due < 400*ms; due += 2 * ms {
		took := ms
		if due%(6*ms) == 0 {
			took = 50 * ms
		}
		switch {
		case due+took <= death || due >= back:
			samples = append(samples, request(0, due, took, load.None))
		case due < death:
			samples = append(samples, request(0, due, death-due, load.Reset))
		default:
			samples = append(samples, request(0, due, ms/10, load.Refused))
		}
	}
	got := outagesOf(samples...)
	require.Equal(t, uint64(1), got.Count, got.List)
	assert.Equal(t, at(death), got.Longest.Start)
	assert.Equal(t, at(back), got.Longest.End)
	assert.LessOrEqual(t, got.Longest.Resolution, 4*ms)
}

func TestAnOutageWithoutAnEndIsOpen(t *testing.T) {
	got := outagesOf(request(0, 0, ms, load.None), request(0, 10*ms, 2*time.Second, load.Timeout), request(0, 20*ms, ms, load.Refused))
	assert.Equal(t, []load.Outage{{Start: at(10 * ms), End: at(2010 * ms), Failures: 2, Resolution: 9 * ms, Open: true}}, got.List)
}

func TestNothingIsClaimedOfTheTimeBeforeTheFirstRequest(t *testing.T) {
	got := outagesOf(request(0, 5*time.Second, ms, load.Refused), request(0, 5010*ms, ms, load.None))
	assert.Equal(t, []load.Outage{{Start: at(5 * time.Second), End: at(5010 * ms), Failures: 1, Resolution: 10 * ms}}, got.List)
}

func TestOutagesAreSeenWhileTheRunGoesOn(t *testing.T) {
	tally := load.NewTally(browse)
	tally.Add(request(0, 0, ms, load.None))
	tally.Add(request(0, 10*ms, ms, load.Refused))
	assert.True(t, tally.Stream(0).Outages().Longest.Open)
	tally.Add(request(0, 30*ms, ms, load.None))
	assert.Equal(t, 20*ms, tally.Stream(0).Outages().Longest.Duration())
	assert.Equal(t, uint64(1), tally.Stream(0).Outages().Count)
}

func TestTheLongestOutagesAreKept(t *testing.T) {
	tally := load.NewTally(browse)
	var total time.Duration
	now := time.Duration(0)
	for i := range 12_000 {
		lasts := time.Duration(1+i%7) * ms
		if i == 100 {
			lasts = time.Second
		}
		total += lasts
		tally.Add(request(0, now, ms, load.None))
		tally.Add(request(0, now+ms, ms, load.Refused))
		now += ms + lasts
	}
	tally.Add(request(0, now, ms, load.None))
	got := tally.Stream(0).Outages()
	assert.Equal(t, uint64(12_000), got.Count)
	assert.Equal(t, total, got.Total)
	assert.Equal(t, time.Second, got.Longest.Duration())
	require.Len(t, got.List, 10_000)
	shortest := 0
	for i, o := range got.List {
		if i > 0 {
			require.Greater(t, o.Start, got.List[i-1].Start)
		}
		if o.Duration() == ms {
			shortest++
		}
	}
	assert.Zero(t, shortest, "there were 1,714 of 1 ms and room for all but 2,000")
	assert.Contains(t, got.List, got.Longest)
}

func TestOverlaps(t *testing.T) {
	o := load.Outage{Start: at(10 * ms), End: at(20 * ms)}
	assert.True(t, o.Overlaps(load.Window{Start: at(15 * ms), End: at(30 * ms)}))
	assert.False(t, o.Overlaps(load.Window{Start: at(20 * ms), End: at(30 * ms)}))
	assert.False(t, o.Overlaps(load.Window{Start: 0, End: at(10 * ms)}))
}
