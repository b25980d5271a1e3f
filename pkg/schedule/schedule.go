package schedule

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule is a cron expression in a time zone, or one instant.
type Schedule struct {
	spec cron.Schedule
	zone *time.Location
	// once is the one instant where there is no expression.
	once time.Time
}

// Parse reads an expression of five fields (minute, hour, day, month, weekday), or of six, the first of which is the
// second, or a descriptor such as @daily, and the IANA name of a zone; "" is UTC.
func Parse(expression, zone string) (Schedule, error) {
	location, err := LoadZone(zone)
	if err != nil {
		return Schedule{}, err
	}
	// The library takes a zone before the fields, and panics where nothing follows it.
	if strings.HasPrefix(expression, "TZ=") || strings.HasPrefix(expression, "CRON_TZ=") {
		return Schedule{}, fmt.Errorf("schedule %q names a time zone: give it apart", expression)
	}
	parser := cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	spec, err := parser.Parse(expression)
	if err != nil {
		return Schedule{}, fmt.Errorf("schedule %q cannot be read: %w", expression, err)
	}
	return Schedule{spec: spec, zone: location}, nil
}

// Once is the schedule of a single instant.
func Once(at Moment, zone string) (Schedule, error) {
	location, err := LoadZone(zone)
	if err != nil {
		return Schedule{}, err
	}
	return Schedule{zone: location, once: at.In(location)}, nil
}

// LoadZone is the zone of an IANA name; "" is UTC. It does not know the zone of the machine, which differs elsewhere.
func LoadZone(name string) (*time.Location, error) {
	location, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("time zone %q is not known: use an IANA name such as Europe/Lisbon", name)
	}
	return location, nil
}

// Zone is the time zone of the schedule.
func (s Schedule) Zone() *time.Location { return s.zone }

// Next is the first instant after t at which the schedule fires, in its zone; zero where it never does.
//
// A wall-clock time that is skipped when clocks are put forward fires at the instant at which that happens; one that is
// repeated when they are put back fires the first time only. A schedule of every hour, or more often, simply goes on:
// it has nothing to make up for, and fires in the repeated hour as in any other. @every counts elapsed time.
func (s Schedule) Next(t time.Time) time.Time {
	if s.spec == nil {
		if s.once.After(t) {
			return s.once
		}
		return time.Time{}
	}
	calendar, ok := s.spec.(*cron.SpecSchedule)
	if !ok {
		return s.spec.Next(t.In(s.zone))
	}
	// The wall-clock times are walked in UTC, where none is skipped or repeated. Where clocks are put back near t, an
	// instant after it may show an earlier time than t does.
	here := offset(t, s.zone)
	back := max(0, offset(t.Add(-longestRepeat), s.zone)-here, here-offset(t.Add(longestRepeat), s.zone))
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

// every is the period of @every, and 0 of any other schedule.
func (s Schedule) every() time.Duration {
	if constant, ok := s.spec.(cron.ConstantDelaySchedule); ok {
		return constant.Delay
	}
	return 0
}

// Shift says what a change of clocks does to the firing at an instant that Next has given: "" where it does nothing.
func (s Schedule) Shift(at time.Time) string {
	calendar, ok := s.spec.(*cron.SpecSchedule)
	if !ok || everyHour(calendar) {
		return ""
	}
	wall := wallOf(at, s.zone)
	if len(shown(wall, s.zone)) > 1 {
		return fmt.Sprintf("%s comes twice, since clocks are put back; it runs the first time", wall.Format(clockFace))
	}
	begins, _ := at.In(s.zone).ZoneBounds()
	if begins.IsZero() || !begins.Equal(at) {
		return ""
	}
	// The last moment before the change tells from where clocks are put forward.
	last := wallOf(at.Add(-time.Second), s.zone)
	missing := calendar.Next(last)
	if !missing.Before(wall) {
		return ""
	}
	return fmt.Sprintf("%s does not come, since clocks are put forward; it runs at the change", missing.Format(clockFace))
}

// clockFace is how a time of day is shown.
const clockFace = "15:04:05"

// longestRepeat reaches over any stretch of time by which clocks are put back: most are an hour, the longest are two.
const longestRepeat = 3 * time.Hour

// everyHour says that the schedule names every hour of the day.
func everyHour(s *cron.SpecSchedule) bool {
	const hours = 1<<24 - 1
	return s.Hour&hours == hours
}

// instants are those at which a wall-clock time fires, in order.
func (s Schedule) instants(wall time.Time, everyHour bool) []time.Time {
	at := shown(wall, s.zone)
	switch {
	case everyHour:
		return at
	case len(at) > 0:
		return at[:1]
	}
	return []time.Time{change(wall, s.zone)}
}
