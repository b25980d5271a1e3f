package schedule

import (
	"math/rand/v2"
	"time"
)

// Timetable says when something runs: a schedule, and what keeps it from running.
type Timetable struct {
	Schedule Schedule
	// Jitter is the longest time by which a run begins later than the schedule says; how much later is drawn of Seed and
	// of the instant, so that all who ask get the same answer. A run never begins later than the next one is due.
	Jitter time.Duration
	Seed   int64
	// Windows may be nil: then all time is open.
	Windows   *Windows
	Suspended bool
}

// Run is one run of a timetable.
type Run struct {
	// At is the instant of the schedule; Start is when the run begins, after its jitter.
	At, Start time.Time
	// Skip is the reason why it is left out, nil where it is not.
	Skip *Reason
	// Shift says what a change of clocks does to it, "" where it does nothing.
	Shift string
}

// Next is the first run after an instant of the schedule, skipped or not; false where there is none.
func (t *Timetable) Next(after time.Time) (Run, bool) {
	at := t.Schedule.Next(after)
	if at.IsZero() {
		return Run{}, false
	}
	run := Run{At: at, Start: at.Add(t.delay(at)), Shift: t.Schedule.Shift(at)}
	run.Skip = t.Windows.Closed(run.Start)
	if t.Suspended {
		run.Skip = &Reason{Suspended, "the game day is suspended"}
	}
	return run, true
}

// maxLeaps bounds the windows that are looked at for a run: enough for a dozen a day.
const maxLeaps = 50_000

// NextOpen is the first run after an instant of the schedule that is not skipped; false where there is none for nine
// years. It passes over closed windows at once, however many runs fall into them.
func (t *Timetable) NextOpen(after time.Time) (Run, bool) {
	if t.Suspended {
		return Run{}, false
	}
	end := after.AddDate(horizonYears, 0, 0)
	for range maxLeaps {
		run, ok := t.Next(after)
		if !ok || run.At.After(end) {
			return Run{}, false
		}
		if run.Skip == nil {
			return run, true
		}
		opens := t.Windows.Opens(run.Start)
		if opens.IsZero() {
			return Run{}, false
		}
		after = t.before(opens, run.At)
	}
	return Run{}, false
}

// before is an instant to ask Next from, in order to get the first run that begins at the instant start or later, or one
// that may do so. It is never before at, which is an instant of the schedule.
func (t *Timetable) before(start, at time.Time) time.Time {
	if every := t.Schedule.every(); every > 0 {
		// Elapsed time is counted from run to run.
		early := start.Add(-min(t.Jitter, every) - 1)
		return at.Add(max(0, early.Sub(at)) / every * every)
	}
	early := start.Add(-1)
	if !early.After(at) {
		return at
	}
	// No run begins later than the next is due, so that of those that are due before start only the last one may begin
	// after it.
	fires := func(from time.Time) bool {
		next := t.Schedule.Next(from)
		return !next.IsZero() && next.Before(start)
	}
	low, high := start.Add(-t.Jitter-1), early
	if low.Before(at) {
		low = at
	}
	if t.Jitter <= 0 || !fires(low) {
		return early
	}
	for high.Sub(low) > time.Second {
		if middle := low.Add(high.Sub(low) / 2); fires(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// delay is by how much later than the schedule says a run begins, in whole seconds.
func (t *Timetable) delay(at time.Time) time.Duration {
	bound := t.Jitter
	if bound <= 0 {
		return 0
	}
	if next := t.Schedule.Next(at); !next.IsZero() {
		bound = min(bound, next.Sub(at))
	}
	drawn := rand.New(rand.NewPCG(uint64(t.Seed), uint64(at.Unix()))).Int64N(int64(bound))
	return time.Duration(drawn).Truncate(time.Second)
}
