package holiday

import (
	"io"
	"strings"
	"time"
	"unicode"

	ics "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"

	"github.com/chaosctl/chaosctl/pkg/schedule"
)

// The years that are looked at, and the number of holidays that a calendar may have in them.
const (
	firstYear = 1900
	lastYear  = 2100
	maxSpans  = 100_000
)

// maxInterval bounds the steps of a recurrence: a larger one does not come again in time.
const maxInterval = 1000

// Read reads a calendar: each of its events is a time in which nothing runs. Dates, and times without a zone, are by the
// clocks of zone. Events that recur do so until the year 2100; those that are cancelled do not count. What is wrong in the
// file is an [Error].
func Read(r io.Reader, zone *time.Location) ([]schedule.Span, error) {
	all, err := properties(r)
	if err != nil {
		return nil, err
	}
	found, err := events(all)
	if err != nil {
		return nil, err
	}
	c := &calendar{zone: zone, moved: map[string][]property{}}
	for _, e := range found {
		if p, uid := e.first("RECURRENCE-ID"), e.text("UID"); p != nil && uid != "" {
			c.moved[uid] = append(c.moved[uid], *p)
		}
	}
	for _, e := range found {
		if err := c.add(e); err != nil {
			return nil, err
		}
	}
	return c.spans, nil
}

// calendar collects the holidays of a file.
type calendar struct {
	zone  *time.Location
	spans []schedule.Span
	// moved are the occurrences of recurring events that have an event of their own, by UID.
	moved map[string][]property
}

func (c *calendar) add(e event) error {
	begins := e.first("DTSTART")
	if begins == nil {
		return wrong(e.line, "the event has no DTSTART: expected one")
	}
	all, err := stamps(*begins, c.zone)
	if err != nil {
		return err
	}
	start := all[0]
	length, err := e.length(start, c.zone)
	if err != nil {
		return err
	}
	dates, err := c.dates(e, start)
	if err != nil {
		return err
	}
	if strings.EqualFold(e.text("STATUS"), "CANCELLED") || length == 0 {
		return nil
	}
	for _, wall := range dates {
		if len(c.spans) == maxSpans {
			return wrong(e.line, "the calendar has more than %d holidays until %d", maxSpans, lastYear)
		}
		s := schedule.Span{From: schedule.Instant(wall, start.zone), Kind: schedule.Holiday, Name: name(e.text("SUMMARY"))}
		if s.To = s.From.Add(length); start.whole {
			s.To = schedule.Instant(wall.Add(length), start.zone)
		}
		c.spans = append(c.spans, s)
	}
	return nil
}

// dates are the wall-clock times at which an event begins, in the zone of its start.
func (c *calendar) dates(e event, start stamp) ([]time.Time, error) {
	all := []time.Time{start.wall}
	if e.first("RECURRENCE-ID") != nil {
		return all, nil
	}
	without := map[time.Time]bool{}
	for _, p := range append(e.all["EXDATE"], c.moved[e.text("UID")]...) {
		exceptions, err := stamps(p, c.zone)
		if err != nil {
			return nil, err
		}
		for _, s := range exceptions {
			without[s.in(start.zone)] = true
		}
	}
	for _, p := range e.all["RRULE"] {
		again, err := recurrences(p, start)
		if err != nil {
			return nil, err
		}
		all = append(all, again...)
	}
	for _, p := range e.all["RDATE"] {
		more, err := stamps(p, c.zone)
		if err != nil {
			return nil, err
		}
		for _, s := range more {
			all = append(all, s.in(start.zone))
		}
	}
	var kept []time.Time
	for _, wall := range all {
		if !without[wall] {
			without[wall] = true // a rule gives the start again
			kept = append(kept, wall)
		}
	}
	return kept, nil
}

// recurrences are those of a rule until the last year.
func recurrences(p property, start stamp) ([]time.Time, error) {
	option, err := rrule.StrToROption(strings.TrimSpace(p.Value))
	if err != nil {
		return nil, wrong(p.line, "RRULE cannot be read: %v", err)
	}
	switch {
	case option.Freq > rrule.DAILY || len(option.Byhour)+len(option.Byminute)+len(option.Bysecond) > 0:
		return nil, wrong(p.line, "RRULE recurs several times a day: expected by the day, week, month or year")
	case option.Interval > maxInterval:
		return nil, wrong(p.line, "RRULE has the interval %d: expected %d at most", option.Interval, maxInterval)
	}
	option.Dtstart = start.wall
	if !option.Until.IsZero() && !start.whole {
		// The library reads it as UTC, which it is where it ends in Z. Where days recur, it is a day.
		until := stamp{option.Until, time.UTC, !strings.Contains(p.Value, "Z")}
		option.Until = until.in(start.zone)
		if h, m, s := option.Until.Clock(); until.whole && h+m+s == 0 {
			option.Until = option.Until.Add(day - time.Second)
		}
	}
	rule, err := rrule.NewRRule(*option)
	if err != nil {
		return nil, wrong(p.line, "RRULE cannot be read: %v", err)
	}
	var all []time.Time
	for next := rule.Iterator(); len(all) <= maxSpans; {
		wall, ok := next()
		if !ok || wall.Year() > lastYear {
			break
		}
		all = append(all, wall)
	}
	return all, nil
}

// name is a summary as a message shows it.
func name(summary string) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, ics.FromText(summary))
	if runes := []rune(text); len(runes) > 80 {
		text = string(runes[:80]) + "…"
	}
	return strings.TrimSpace(text)
}
