package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// TestWatchDelayIsRecorded, as far as it was measured; what keeps it from being measured ends no run.
func TestWatchDelayIsRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		measure func(observe func(time.Duration)) error
		want    event.Payload
	}{
		"measured": {func(observe func(time.Duration)) error {
			observe(3 * time.Second)
			observe(time.Second)
			observe(2 * time.Second)
			return nil
		}, event.WatchMeasured{Writes: 3, Median: 2, Max: 3}},
		"broken off":  {func(observe func(time.Duration)) error { observe(time.Second); return errors.New("gone") }, event.WatchMeasured{Writes: 1, Median: 1, Max: 1}},
		"not at all":  {func(func(time.Duration)) error { return errors.New("gone") }, nil},
		"with a bug":  {func(observe func(time.Duration)) error { observe(time.Second); panic("a bug") }, event.WatchMeasured{Writes: 1, Median: 1, Max: 1}},
		"nobody does": {nil, nil},
	} {
		r, payloads := logged(t, &Plan{Experiment: &experiment.Experiment{}})
		if c.measure != nil {
			r.WatchDelays = func(_ context.Context, _ <-chan time.Time, observe func(time.Duration)) error {
				return c.measure(observe)
			}
		}
		r.watchDelay(t.Context())()
		var got event.Payload
		for _, p := range *payloads {
			if measured, ok := p.(event.WatchMeasured); ok {
				require.Nil(t, got, name)
				got = measured
			}
		}
		assert.Equal(t, c.want, got, name)
	}
}
