package load

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// lateAfter is how long after its due time a request is called late. It is far above what the timers of a busy machine
// miss by, and below what a person would call an outage.
const lateAfter = 50 * time.Millisecond

// pacer makes requests due as their profile says, and tells when they cannot be sent for want of a free worker.
//
// Pace and Rate are called by one goroutine, blocked by any. vegeta's own pacers return the time to wait, which vegeta
// then sleeps through; this one waits itself, and so can be interrupted.
type pacer struct {
	ctx   context.Context
	clock event.Clock
	// began is when the profile begins.
	began   event.Instant
	profile Profile
	timer   *time.Timer

	// next is the number of the request that is to be sent next.
	next     atomic.Uint64
	inFlight atomic.Int64
	limit    int64
	// waited counts requests that were late while all workers were busy.
	waited atomic.Uint64
}

func newPacer(ctx context.Context, clock event.Clock, s Stream) *pacer {
	return &pacer{
		ctx:     ctx,
		clock:   clock,
		began:   clock.Now(),
		profile: s.Profile,
		timer:   time.NewTimer(0),
		limit:   int64(s.maxInFlight()),
	}
}

// never is the instant of a request that is not to be sent.
const never = event.Instant(math.MaxInt64)

// due is the instant of request n, counted from 0.
func (p *pacer) due(n uint64) event.Instant {
	after, ok := p.profile.Due(n)
	if !ok || after > never.Sub(p.began) {
		return never
	}
	return p.began.Add(after)
}

// Pace returns when request n is due, or says that there are to be no more.
func (p *pacer) Pace(_ time.Duration, n uint64) (time.Duration, bool) {
	if p.profile.Peak() <= 0 || p.ctx.Err() != nil {
		return 0, true
	}
	p.next.Store(n)
	p.noteBlocked()
	due := p.due(n)
	if due == never {
		<-p.ctx.Done() // requests that are in flight have their time
		return 0, true
	}
	wait := due.Sub(p.clock.Now())
	if wait <= 0 {
		return 0, false
	}
	p.timer.Reset(wait)
	select {
	case <-p.timer.C:
		return 0, false
	case <-p.ctx.Done():
		return 0, true
	}
}

// noteBlocked counts the next request as waiting if it is late and no worker is free.
func (p *pacer) noteBlocked() {
	late := p.clock.Now().Sub(p.due(p.next.Load()))
	if late > lateAfter && p.inFlight.Load() >= p.limit {
		p.waited.Add(1)
	}
}

// Rate is the rate that is asked for, in requests per second.
func (p *pacer) Rate(elapsed time.Duration) float64 { return p.profile.Rate(elapsed) }
