package schedule

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// shown lists the instants at which the clocks of a zone show a wall-clock time, in order: one, two where it is
// repeated, and none where it is skipped. The wall-clock time is written as if it were UTC.
func shown(wall time.Time, zone *time.Location) []time.Time {
	before, after := offset(wall.Add(-24*time.Hour), zone), offset(wall.Add(24*time.Hour), zone)
	var at []time.Time
	for _, o := range []time.Duration{max(before, after), min(before, after)} {
		instant := wall.Add(-o)
		if offset(instant, zone) == o && (len(at) == 0 || !at[0].Equal(instant)) {
			at = append(at, instant.In(zone))
		}
	}
	return at
}

// change is the instant at which clocks are put forward over a wall-clock time that they do not show.
func change(wall time.Time, zone *time.Location) time.Time {
	// By the offset from before the change it lies after the change.
	at, _ := wall.Add(-offset(wall.Add(-24*time.Hour), zone)).In(zone).ZoneBounds()
	return at
}

// Instant is that at which the clocks of a zone show a wall-clock time, which is written as if it were UTC: the first one
// where they show it twice, and that of the change where they skip it.
func Instant(wall time.Time, zone *time.Location) time.Time {
	if at := shown(wall, zone); len(at) > 0 {
		return at[0]
	}
	return change(wall, zone)
}

// offset from UTC that a zone has at an instant.
func offset(at time.Time, zone *time.Location) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// wallOf is what the clocks of a zone show at an instant, written as if it were UTC.
func wallOf(at time.Time, zone *time.Location) time.Time {
	return at.UTC().Add(offset(at, zone))
}

// Moment is an instant as people write it: 2026-12-01T10:30 by the clocks of a zone that is told elsewhere, or with an
// offset of its own, 2026-12-01T10:30:00+01:00. Its zero value is none.
type Moment struct {
	// at is the instant where fixed, else the wall-clock time as if it were UTC.
	at    time.Time
	fixed bool
}

// The years in which a moment may be.
const firstYear, lastYear = 1970, 9998

// UnmarshalText reads a date and a time of day, to the minute or to the second, with or without an offset.
func (m *Moment) UnmarshalText(text []byte) error {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00"} {
		at, err := time.Parse(layout, string(text))
		if err != nil || at.Nanosecond() != 0 || bytes.ContainsAny(text, ".,") {
			continue
		}
		at = at.UTC()
		if at.Year() < firstYear || at.Year() > lastYear {
			return fmt.Errorf("%q is outside of the years %d to %d", text, firstYear, lastYear)
		}
		*m = Moment{at, strings.Contains(layout, "Z")}
		return nil
	}
	return fmt.Errorf("%q is not an instant: write date and time, such as 2026-12-01T10:30 or 2026-12-01T10:30:00+01:00", text)
}

// MarshalText writes the moment as it is read.
func (m Moment) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// Expected says what a loader expects.
func (Moment) Expected() string { return "an instant such as 2026-12-01T10:30" }

// IsZero says that there is none.
func (m Moment) IsZero() bool { return m == Moment{} }

// In is the instant, by the clocks of a zone where the moment has no offset of its own; see [Instant].
func (m Moment) In(zone *time.Location) time.Time {
	if m.fixed {
		return m.at.In(zone)
	}
	return Instant(m.at, zone)
}

func (m Moment) String() string {
	if m.fixed {
		return m.at.Format(time.RFC3339)
	}
	return m.at.Format("2006-01-02T15:04:05")
}
