package schedule

import (
	"context"
	"time"
)

// Clock tells the time and waits for it.
type Clock interface {
	Now() time.Time
	// Wait returns at the instant, or earlier with the error of ctx.
	Wait(ctx context.Context, until time.Time) error
}

// Loop calls run at each instant of the schedule until ctx ends, one at a time: instants that pass while run is busy are
// told to missed, and left out. waiting is told what the loop waits for.
func Loop(ctx context.Context, clock Clock, s Schedule, waiting func(next time.Time), missed func(at time.Time), run func(ctx context.Context, at time.Time)) {
	last := clock.Now()
	for {
		next := s.Next(last)
		for now := clock.Now(); !next.IsZero() && next.Before(now); next = s.Next(next) {
			missed(next)
		}
		if next.IsZero() {
			return
		}
		waiting(next)
		if clock.Wait(ctx, next) != nil {
			return
		}
		run(ctx, next)
		last = next
		if ctx.Err() != nil {
			return
		}
	}
}

// SystemClock is the machine's own.
type SystemClock struct{}

// Now is the present time.
func (SystemClock) Now() time.Time { return time.Now() }

// maxWait bounds one sleep, so that a clock that was set is noticed within it.
const maxWait = 30 * time.Second

// Wait sleeps until the wall clock says so; a machine that was suspended, or whose clock was set, is seen.
func (SystemClock) Wait(ctx context.Context, until time.Time) error {
	// Without its monotonic reading the instant is compared by the wall clock.
	until = until.Round(0)
	for {
		left := until.Sub(time.Now().Round(0))
		if left <= 0 {
			return ctx.Err()
		}
		timer := time.NewTimer(min(left, maxWait))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}
