package schedule_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/schedule"
)

// stepClock is a clock that jumps to whatever is waited for.
type stepClock struct{ now time.Time }

func (c *stepClock) Now() time.Time { return c.now }

func (c *stepClock) Wait(ctx context.Context, until time.Time) error {
	if until.After(c.now) {
		c.now = until
	}
	return ctx.Err()
}

// diary runs the loop of an hourly schedule from 9:10 on, and writes down what it says. Runs take what took says.
func diary(ctx context.Context, t *testing.T, took ...time.Duration) []string {
	t.Helper()
	s, err := schedule.Parse("0 * * * *", "")
	require.NoError(t, err)
	clock := &stepClock{time.Date(2026, 11, 24, 9, 10, 0, 0, time.UTC)}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var lines []string
	note := func(what string) func(time.Time) {
		return func(at time.Time) { lines = append(lines, what+" "+at.Format("15:04")) }
	}
	schedule.Loop(ctx, clock, s, note("wait"), note("missed"), func(_ context.Context, at time.Time) {
		note("run")(at)
		clock.now = clock.now.Add(took[0])
		if took = took[1:]; len(took) == 0 {
			cancel()
		}
	})
	return lines
}

func TestLoop(t *testing.T) {
	for name, c := range map[string]struct {
		took []time.Duration
		want []string
	}{
		"short runs": {
			[]time.Duration{time.Minute, time.Minute},
			[]string{"wait 10:00", "run 10:00", "wait 11:00", "run 11:00"},
		},
		"a long run: what passed meanwhile is left out": {
			[]time.Duration{150 * time.Minute, time.Minute},
			[]string{"wait 10:00", "run 10:00", "missed 11:00", "missed 12:00", "wait 13:00", "run 13:00"},
		},
		"a run that ends on the hour does not miss it": {
			[]time.Duration{time.Hour, time.Minute},
			[]string{"wait 10:00", "run 10:00", "wait 11:00", "run 11:00"},
		},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, diary(t.Context(), t, c.took...)) })
	}
}

func TestLoopEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, []string{"wait 10:00"}, diary(ctx, t, time.Minute))
}

func TestLoopEndsWithSchedule(t *testing.T) {
	s, err := schedule.Parse("0 0 31 2 *", "")
	require.NoError(t, err)
	never := func(time.Time) { t.Error("there is nothing to wait for") }
	schedule.Loop(t.Context(), &stepClock{time.Now()}, s, never, never, nil)
}

func TestSystemClock(t *testing.T) {
	var clock schedule.SystemClock
	start := time.Now()
	require.NoError(t, clock.Wait(t.Context(), start.Add(-time.Hour)), "the past is not waited for")
	until := start.Add(20 * time.Millisecond)
	require.NoError(t, clock.Wait(t.Context(), until))
	assert.False(t, clock.Now().Before(until))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	assert.ErrorIs(t, clock.Wait(ctx, start.Add(time.Hour)), context.Canceled)
}
