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

// Stopwatch is a clock that also knows how long something took, whatever its hands were set to meanwhile: a machine that slept was
// not at work.
type Stopwatch interface {
	// Elapsed is how long the machine has been at work since an instant that Now has given.
	Elapsed(since time.Time) time.Duration
}

// DefaultDeadline is how late a run may begin that nothing but the clock has delayed, where nobody says otherwise.
const DefaultDeadline = time.Minute

// Loop runs something by a timetable, one at a time.
type Loop struct {
	Clock Clock
	Table *Timetable
	// Queue keeps a run whose time comes while another is under way, until that has ended; else it is missed.
	Queue bool
	// Deadline is how late a run may begin. Where it is zero, a run that waits for another may wait for any time, and all
	// others for DefaultDeadline.
	Deadline time.Duration
	// Since is the last instant of the schedule that was dealt with before: what was due after it, and did not come to
	// pass, counts as late. Zero is now.
	Since time.Time
	// Waiting is told of the run that is waited for, Missed of runs that are left out. None may be nil.
	Waiting func(next Run)
	Missed  func(missed Missed)
	// Changes bring other plans. One is taken between runs: it is in force from the next run on, and leaves the one that is
	// under way alone. It may be nil.
	Changes <-chan Change
}

// Change puts another plan in the place of a loop's own.
type Change struct {
	Table    *Timetable
	Queue    bool
	Deadline time.Duration
	// Afresh says that the schedule is another one, of which nothing before this instant is due.
	Afresh bool
	// End ends the loop; nothing else of the change counts then.
	End bool
	// Taken is called when the loop goes by the change; it may be nil.
	Taken func()
}

// Missed are runs that were left out.
type Missed struct {
	// From and To are the first and the last instant of the schedule among them.
	From, To time.Time
	// Count is their number, or MostMissed where there are more.
	Count int
	Cause Cause
}

// MostMissed is where missed runs are not counted any more.
const MostMissed = 1000

// Cause says what made a run too late.
type Cause string

// The causes.
const (
	// Busy is a run that was under way.
	Busy Cause = "another was under way"
	// Waited is a run that has waited too long for another.
	Waited Cause = "it would begin later than its deadline, after another"
	// Late is a machine that was asleep, a clock that was set, or a program that did not run.
	Late Cause = "it would begin later than its deadline: this program was not running, the machine asleep, or its clock was set"
)

// Run calls do at each time of the table until ctx ends, or a change ends it, or nothing more is to come: then it returns true.
func (l *Loop) Run(ctx context.Context, do func(ctx context.Context, run Run)) (over bool) {
	last := l.Since
	if last.IsZero() {
		last = l.Clock.Now()
	}
	var busy Span // in which runs were under way, one right after the other
	for ctx.Err() == nil {
		select {
		case change := <-l.Changes:
			if change.End {
				return false
			}
			if l.take(change); change.Afresh {
				last = l.Clock.Now()
			}
			continue // there may be another one, or ctx may have ended
		default:
		}
		run, ok := l.Table.NextOpen(last)
		if !ok {
			return true
		}
		if cause := l.late(run, busy); cause != "" {
			last = l.miss(run, cause, busy)
			continue
		}
		waited := run.Start.After(l.Clock.Now())
		if waited {
			l.Waiting(run)
			change, err := l.wait(ctx, run.Start)
			switch {
			case err != nil || change != nil && change.End:
				return false
			case change != nil:
				if l.take(*change); change.Afresh {
					last = l.Clock.Now()
				} else {
					last = l.fromNowOn(last, run)
				}
				continue
			}
			// The machine may have slept.
			if cause := l.late(run, Span{}); cause != "" {
				last = l.miss(run, cause, Span{})
				continue
			}
		}
		if waited || busy.To.IsZero() {
			busy.From = l.Clock.Now()
		}
		began := l.Clock.Now()
		do(ctx, run)
		last, busy.To = run.At, l.Clock.Now()
		if took := l.elapsed(began); busy.To.Sub(began.Round(0))-took > DefaultDeadline {
			busy.From = busy.To.Add(-took) // what the clock passed over did not wait for this run
		}
	}
	return false
}

// elapsed is how long a run took that has just ended.
func (l *Loop) elapsed(began time.Time) time.Duration {
	if w, ok := l.Clock.(Stopwatch); ok {
		return w.Elapsed(began)
	}
	return l.Clock.Now().Sub(began)
}

// wait waits for an instant, or for a change, which it gives.
func (l *Loop) wait(ctx context.Context, until time.Time) (*Change, error) {
	if l.Changes == nil {
		return nil, l.Clock.Wait(ctx, until)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var err error
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		err = l.Clock.Wait(ctx, until)
	}()
	select {
	case <-waited:
		return nil, err
	case change := <-l.Changes:
		stop()
		<-waited
		return &change, nil
	}
}

// take goes by another plan.
func (l *Loop) take(c Change) {
	l.Table, l.Queue, l.Deadline = c.Table, c.Queue, c.Deadline
	if c.Taken != nil {
		c.Taken()
	}
}

// fromNowOn is the instant of the schedule to go on from where all that was due before now was dealt with, but for a run that is
// waited for: windows that are other ones now do not make a run late that they kept from beginning.
func (l *Loop) fromNowOn(last time.Time, waited Run) time.Time {
	from := l.Clock.Now()
	if waited.At.Before(from) { // it waits for the end of its jitter
		from = waited.At
	}
	last = l.Table.before(from, last)
	for {
		run, ok := l.Table.Next(last)
		if !ok || !run.Start.Before(from) {
			return last
		}
		last = run.At
	}
}

// late is the cause for which a run can begin no more, "" where it can.
func (l *Loop) late(run Run, busy Span) Cause {
	late := l.Clock.Now().Sub(run.Start)
	switch {
	case late <= 0:
		return ""
	case run.Start.Before(busy.From) || !run.Start.Before(busy.To):
		if late <= l.patience() {
			return ""
		}
		return Late
	case !l.Queue:
		return Busy
	case l.Deadline > 0 && late > l.Deadline:
		return Waited
	}
	return ""
}

func (l *Loop) patience() time.Duration {
	if l.Deadline > 0 {
		return l.Deadline
	}
	return DefaultDeadline
}

// miss tells of a run that is missed, and of those after it that are so for the same cause. It gives the instant of the
// schedule to go on from.
func (l *Loop) miss(run Run, cause Cause, busy Span) time.Time {
	missed := Missed{From: run.At, To: run.At, Count: 1, Cause: cause}
	for missed.Count < MostMissed {
		next, ok := l.Table.NextOpen(missed.To)
		if !ok || l.late(next, busy) != cause {
			break
		}
		missed.To = next.At
		missed.Count++
	}
	if missed.Count == MostMissed {
		// A clock that was set by years must not keep the loop.
		soon := l.Clock.Now()
		if cause != Busy {
			soon = soon.Add(-l.patience())
		}
		missed.To = l.Table.before(soon, missed.To)
	}
	l.Missed(missed)
	return missed.To
}

// SystemClock is the machine's own.
type SystemClock struct{}

// Now is the present time.
func (SystemClock) Now() time.Time { return time.Now() }

// Elapsed goes by the monotonic clock, which stands still while the machine is suspended.
func (SystemClock) Elapsed(since time.Time) time.Duration { return time.Since(since) }

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
