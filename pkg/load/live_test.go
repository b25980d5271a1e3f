package load_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

func at(d time.Duration) event.Instant { return event.Instant(d) }

func TestLiveShowsTheLastSecond(t *testing.T) {
	live := load.NewLive()
	for i := range 300 {
		s := load.Sample{Stream: 1, End: at(time.Duration(i) * 10 * time.Millisecond)}
		if i >= 250 {
			s.Cause = load.Refused
		}
		live.Add(s)
	}
	live.Add(load.Sample{Stream: 0, End: at(0)})

	assert.Equal(t, []load.Glance{
		{Stream: 0, Requests: 1, Rate: 0, Success: 1},
		{Stream: 1, Requests: 300, Failures: 50, Rate: 100, Success: 0.5},
	}, live.Glance(at(3*time.Second)))
	assert.Zero(t, live.Glance(at(5 * time.Second))[1].Rate, "nothing ended in the last second")
}

func TestLiveIsSafeToLookAt(t *testing.T) {
	live := load.NewLive()
	var streams sync.WaitGroup
	for id := range 3 {
		streams.Go(func() {
			for i := range 1000 {
				live.Add(load.Sample{Stream: id, End: at(time.Duration(i) * time.Millisecond)})
				live.Glance(at(time.Duration(i) * time.Millisecond))
			}
		})
	}
	streams.Wait()
	for _, g := range live.Glance(at(time.Second)) {
		assert.Equal(t, uint64(1000), g.Requests)
		assert.InDelta(t, 1000, g.Rate, 0)
	}
}
