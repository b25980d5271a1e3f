package holiday

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chaosctl/chaosctl/pkg/schedule"
)

// event is one VEVENT: its properties by name.
type event struct {
	line int
	all  map[string][]property
}

// events finds the events among the lines of a file, and holds it to being a calendar.
func events(all []property) ([]event, error) {
	var open []property
	var found []event
	for _, p := range all {
		switch value := strings.ToUpper(strings.TrimSpace(p.Value)); {
		case p.IANAToken == "BEGIN":
			if len(open) == 0 && value != "VCALENDAR" {
				return nil, wrong(p.line, "the file begins with %s: expected BEGIN:VCALENDAR", quote(p.Value))
			}
			if value == "VEVENT" {
				found = append(found, event{p.line, map[string][]property{}})
			}
			p.Value = value
			open = append(open, p)
		case len(open) == 0:
			return nil, wrong(p.line, "%s stands outside of a calendar: expected BEGIN:VCALENDAR", p.IANAToken)
		case p.IANAToken == "END":
			last := open[len(open)-1]
			if last.Value != value {
				return nil, wrong(p.line, "END:%s does not belong here: expected END:%s, which ends what begins on line %d", value, last.Value, last.line)
			}
			open = open[:len(open)-1]
		case open[len(open)-1].Value == "VEVENT":
			last := found[len(found)-1]
			last.all[p.IANAToken] = append(last.all[p.IANAToken], p)
		}
	}
	if len(open) > 0 {
		last := open[len(open)-1]
		return nil, wrong(last.line, "%s begins here and does not end: expected END:%s", last.Value, last.Value)
	}
	if len(found) == 0 {
		return nil, wrong(1, "the calendar has no event: nothing would be a holiday")
	}
	return found, nil
}

// first is the property of a name, nil where there is none.
func (e event) first(name string) *property {
	if all := e.all[name]; len(all) > 0 {
		return &all[0]
	}
	return nil
}

func (e event) text(name string) string {
	if p := e.first(name); p != nil {
		return p.Value
	}
	return ""
}

// stamp is a date, or a date with a time of day, by the clocks of a zone.
type stamp struct {
	// wall is what the clocks show, written as if it were UTC.
	wall  time.Time
	zone  *time.Location
	whole bool // a day without a time
}

// stamps reads the values of a property, which commas separate.
func stamps(p property, local *time.Location) ([]stamp, error) {
	zone := local
	if name := p.parameter("TZID"); name != "" {
		var err error
		if zone, err = schedule.LoadZone(strings.TrimPrefix(name, "/")); err != nil {
			return nil, wrong(p.line, "%s: %v", p.IANAToken, err)
		}
	}
	var all []stamp
	for _, value := range strings.Split(p.Value, ",") {
		value = strings.TrimSpace(value)
		if at, err := time.Parse("20060102T150405", strings.TrimSuffix(value, "Z")); err == nil {
			s := stamp{at, zone, false}
			if strings.HasSuffix(value, "Z") {
				s.zone = time.UTC
			}
			all = append(all, s)
		} else if at, err := time.Parse("20060102", value); err == nil {
			all = append(all, stamp{at, local, true})
		} else {
			return nil, wrong(p.line, "%s has the value %s: expected a date such as 20261225, or 20261225T090000", p.IANAToken, quote(value))
		}
	}
	if slices.ContainsFunc(all, func(s stamp) bool { return s.wall.Year() < firstYear || s.wall.Year() > lastYear }) {
		return nil, wrong(p.line, "%s is outside of the years %d to %d", p.IANAToken, firstYear, lastYear)
	}
	return all, nil
}

// in is the stamp as the clocks of another zone show it.
func (s stamp) in(zone *time.Location) time.Time {
	if s.whole || s.zone == zone {
		return s.wall
	}
	at := s.instant().In(zone)
	_, offset := at.Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second)
}

func (s stamp) instant() time.Time { return schedule.Instant(s.wall, s.zone) }

// length of an event: in days where it is of whole days, else in time that elapses.
func (e event) length(start stamp, local *time.Location) (time.Duration, error) {
	if p := e.first("DTEND"); p != nil {
		all, err := stamps(*p, local)
		if err != nil {
			return 0, err
		}
		end := all[0]
		if end.whole != start.whole {
			return 0, wrong(p.line, "DTEND and DTSTART are not of one kind: expected two dates, or two with a time of day")
		}
		length := end.wall.Sub(start.wall)
		if !start.whole {
			length = end.instant().Sub(start.instant())
		}
		switch {
		case length < 0:
			return 0, wrong(p.line, "the event ends before it begins")
		case length == 0 && start.whole:
			return day, nil // some programs name the last day where the day after it is meant
		}
		return length, nil
	}
	if p := e.first("DURATION"); p != nil {
		length, ok := durationOf(p.Value)
		if !ok || start.whole && length%day != 0 {
			return 0, wrong(p.line, "DURATION has the value %s: expected one such as P1D, or PT8H of an event with a time of day", quote(p.Value))
		}
		return length, nil
	}
	if start.whole {
		return day, nil
	}
	return 0, nil
}

const day = 24 * time.Hour

var durationPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\+?P(?:(\d{1,5})W|(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,5})S)?)?)$`)
})

func durationOf(text string) (time.Duration, bool) {
	found := durationPattern().FindStringSubmatch(text)
	if found == nil {
		return 0, false
	}
	var length time.Duration
	for i, unit := range []time.Duration{7 * day, day, time.Hour, time.Minute, time.Second} {
		if n, err := strconv.Atoi(found[i+1]); err == nil {
			length += time.Duration(n) * unit
		}
	}
	return length, length > 0
}
