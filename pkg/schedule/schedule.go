package schedule

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule is a cron expression in a time zone.
type Schedule struct {
	spec cron.Schedule
	zone *time.Location
}

// Parse reads an expression of five fields or a descriptor such as @daily, and the IANA name of a zone; "" is UTC.
func Parse(expression, zone string) (Schedule, error) {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return Schedule{}, fmt.Errorf("time zone %q is not known: use an IANA name such as Europe/Lisbon", zone)
	}
	spec, err := cron.ParseStandard(expression)
	if err != nil {
		return Schedule{}, fmt.Errorf("schedule %q cannot be read: %w", expression, err)
	}
	return Schedule{spec, location}, nil
}

// Next is the first instant after t at which the schedule fires, in its zone; zero where it never does.
//
// A wall-clock time that a change of the clocks skips counts as the instant at which they are put forward: the library
// would pass over it. One that is repeated fires the first time only.
func (s Schedule) Next(t time.Time) time.Time {
	next := s.spec.Next(t.In(s.zone))
	for !next.IsZero() && s.repeated(next) {
		next = s.spec.Next(next)
	}
	if skipped, ok := s.skipped(t, next); ok {
		return skipped
	}
	return next
}

// repeated says that the same wall-clock time was there before, an hour or so earlier, and fired then. A schedule that
// fires every hour or more often goes on in the second hour as in any other.
func (s Schedule) repeated(at time.Time) bool {
	_, offset := at.Zone()
	_, before := at.Add(-searchBack).Zone()
	if before <= offset {
		return false
	}
	earlier := at.Add(-time.Duration(before-offset) * time.Second)
	_, then := earlier.Zone()
	return then == before && !s.frequent(at)
}

// skipped finds the instant of a change of the clocks between t and next whose missing hour holds a time at which the
// schedule would have fired.
func (s Schedule) skipped(t, next time.Time) (time.Time, bool) {
	from := t.In(s.zone)
	if next.IsZero() {
		next = from.AddDate(1, 0, 0)
	}
	for !from.After(next) {
		_, end := from.ZoneBounds()
		if end.IsZero() || end.After(next) {
			return time.Time{}, false
		}
		_, before := end.Add(-time.Second).Zone()
		_, after := end.Zone()
		gap := time.Duration(after-before) * time.Second
		if gap > 0 && end.After(t) && !s.frequent(end) {
			// What the schedule would do in the missing hour is seen in a zone that does not change.
			still := time.FixedZone("", before)
			wanted := s.spec.Next(end.In(still).Add(-time.Second))
			if wanted.Before(end.In(still).Add(gap)) {
				return end, true
			}
		}
		from = end.Add(time.Second)
	}
	return time.Time{}, false
}

// searchBack reaches over the longest change of clocks that there is (Lord Howe's is half an hour, most are an hour).
const searchBack = 3 * time.Hour

// frequent says that the schedule fires at least once an hour, around an instant far from any change of the clocks.
func (s Schedule) frequent(around time.Time) bool {
	still := time.FixedZone("", 0)
	_, offset := around.Zone()
	from := around.Add(time.Duration(offset) * time.Second).In(still).Add(-48 * time.Hour)
	first := s.spec.Next(from)
	second := s.spec.Next(first)
	return !second.IsZero() && second.Sub(first) <= time.Hour
}
