package schedule

import (
	"fmt"
	"strings"
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
	// The library takes a zone before the fields, and panics where nothing follows it.
	if strings.HasPrefix(expression, "TZ=") || strings.HasPrefix(expression, "CRON_TZ=") {
		return Schedule{}, fmt.Errorf("schedule %q names a time zone: give it apart", expression)
	}
	spec, err := cron.ParseStandard(expression)
	if err != nil {
		return Schedule{}, fmt.Errorf("schedule %q cannot be read: %w", expression, err)
	}
	return Schedule{spec, location}, nil
}

// Next is the first instant after t at which the schedule fires, in its zone; zero where it never does.
//
// A wall-clock time that is skipped when clocks are put forward fires at the instant at which that happens; one that is
// repeated when they are put back fires the first time only. A schedule of every hour, or more often, simply goes on:
// it has nothing to make up for, and fires in the repeated hour as in any other. @every counts elapsed time.
func (s Schedule) Next(t time.Time) time.Time {
	calendar, ok := s.spec.(*cron.SpecSchedule)
	if !ok {
		return s.spec.Next(t.In(s.zone))
	}
	// The wall-clock times are walked in UTC, where none is skipped or repeated. Where clocks are put back near t, an
	// instant after it may show an earlier time than t does.
	here := s.offset(t)
	back := max(0, s.offset(t.Add(-longestRepeat))-here, here-s.offset(t.Add(longestRepeat)))
	var next time.Time
	for wall := calendar.Next(t.Add(here - back).UTC()); !wall.IsZero(); wall = calendar.Next(wall) {
		at := s.instants(wall, everyHour(calendar))
		if !next.IsZero() && (len(at) == 0 || at[0].After(next)) {
			break
		}
		for _, instant := range at {
			if instant.After(t) && (next.IsZero() || instant.Before(next)) {
				next = instant
			}
		}
	}
	return next
}

// longestRepeat reaches over any stretch of time by which clocks are put back: most are an hour, the longest are two.
const longestRepeat = 3 * time.Hour

// everyHour says that the schedule names every hour of the day.
func everyHour(s *cron.SpecSchedule) bool {
	const hours = 1<<24 - 1
	return s.Hour&hours == hours
}

// instants are those at which a wall-clock time fires, in order.
func (s Schedule) instants(wall time.Time, everyHour bool) []time.Time {
	before, after := s.offset(wall.Add(-24*time.Hour)), s.offset(wall.Add(24*time.Hour))
	var shown []time.Time
	for _, offset := range []time.Duration{max(before, after), min(before, after)} {
		at := wall.Add(-offset)
		if s.offset(at) == offset && (len(shown) == 0 || !shown[0].Equal(at)) {
			shown = append(shown, at.In(s.zone))
		}
	}
	switch {
	case everyHour:
		return shown
	case len(shown) > 1:
		return shown[:1]
	case len(shown) == 1:
		return shown
	}
	// No clock shows it: by the offset from before the change it lies after the change.
	change, _ := wall.Add(-before).In(s.zone).ZoneBounds()
	return []time.Time{change}
}

// offset from UTC that the zone has at an instant.
func (s Schedule) offset(at time.Time) time.Duration {
	_, seconds := at.In(s.zone).Zone()
	return time.Duration(seconds) * time.Second
}
