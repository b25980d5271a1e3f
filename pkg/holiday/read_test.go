package holiday_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/holiday"
	"github.com/chaosctl/chaosctl/pkg/schedule"
)

func lisbon(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Lisbon")
	require.NoError(t, err)
	return zone
}

// lines are the first n holidays.
func lines(spans []schedule.Span, n int) []string {
	var all []string
	for _, s := range spans[:min(n, len(spans))] {
		all = append(all, fmt.Sprintf("%s %s %s", s.From.Format("2006-01-02T15:04Z07:00"), s.To.Sub(s.From), s.Name))
	}
	return all
}

// TestReadExported reads a calendar in the style of what large services export.
func TestReadExported(t *testing.T) {
	file, err := os.Open("testdata/portugal.ics")
	require.NoError(t, err)
	defer file.Close()
	spans, err := holiday.Read(file, lisbon(t))
	require.NoError(t, err)
	assert.Equal(t, []string{
		"2026-12-25T00:00Z 24h0m0s Christmas Day, with a name that goes on and on over the end of a line",
		"2026-06-10T00:00+01:00 24h0m0s Dia de Portugal; de Camões",
		"2026-03-29T00:00Z 23h0m0s The day of the change",
	}, lines(spans, 10))
	for _, s := range spans {
		assert.Equal(t, schedule.Holiday, s.Kind)
	}
}

// event is a calendar of one event with a start and other lines.
func event(lines ...string) string {
	return "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

func TestReadEvents(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"a day":                   {event("DTSTART;VALUE=DATE:20261225"), []string{"2026-12-25T00:00Z 24h0m0s x"}},
		"a day without a value":   {event("DTSTART:20261225"), []string{"2026-12-25T00:00Z 24h0m0s x"}},
		"a day that ends itself":  {event("DTSTART:20261225", "DTEND:20261225"), []string{"2026-12-25T00:00Z 24h0m0s x"}},
		"days":                    {event("DTSTART:20261225", "DTEND:20261228"), []string{"2026-12-25T00:00Z 72h0m0s x"}},
		"days by duration":        {event("DTSTART:20261225", "DURATION:P1W"), []string{"2026-12-25T00:00Z 168h0m0s x"}},
		"a time in another zone":  {event("DTSTART;TZID=America/New_York:20261225T090000", "DTEND;TZID=America/New_York:20261225T170000"), []string{"2026-12-25T09:00-05:00 8h0m0s x"}},
		"a time in UTC":           {event("DTSTART:20260701T090000Z", "DURATION:PT1H30M"), []string{"2026-07-01T09:00Z 1h30m0s x"}},
		"a time of no zone":       {event("DTSTART:20260701T090000", "DURATION:PT1H"), []string{"2026-07-01T09:00+01:00 1h0m0s x"}},
		"no time at all":          {event("DTSTART:20260701T090000"), nil},
		"cancelled":               {event("DTSTART:20260701", "STATUS:CANCELLED"), nil},
		"every year":              {event("DTSTART:20261225", "RRULE:FREQ=YEARLY;COUNT=2"), []string{"2026-12-25T00:00Z 24h0m0s x", "2027-12-25T00:00Z 24h0m0s x"}},
		"until a day":             {event("DTSTART:20261225", "RRULE:FREQ=YEARLY;UNTIL=20271225"), []string{"2026-12-25T00:00Z 24h0m0s x", "2027-12-25T00:00Z 24h0m0s x"}},
		"the last Monday of May":  {event("DTSTART:20260525", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=2"), []string{"2026-05-25T00:00+01:00 24h0m0s x", "2027-05-31T00:00+01:00 24h0m0s x"}},
		"but not that one":        {event("DTSTART:20261225", "RRULE:FREQ=YEARLY;COUNT=3", "EXDATE;VALUE=DATE:20271225"), []string{"2026-12-25T00:00Z 24h0m0s x", "2028-12-25T00:00Z 24h0m0s x"}},
		"and this one":            {event("DTSTART:20261225", "RDATE;VALUE=DATE:20261231,20270101"), []string{"2026-12-25T00:00Z 24h0m0s x", "2026-12-31T00:00Z 24h0m0s x", "2027-01-01T00:00Z 24h0m0s x"}},
		"at nine through summer":  {event("DTSTART;TZID=Europe/Lisbon:20260327T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;UNTIL=20260403T080000Z"), []string{"2026-03-27T09:00Z 1h0m0s x", "2026-04-03T09:00+01:00 1h0m0s x"}},
		"not in UTC as in Lisbon": {event("DTSTART;TZID=Europe/Lisbon:20260403T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20260403T080000Z"), []string{"2026-04-04T09:00+01:00 1h0m0s x"}},
		"lower case":              {strings.ToLower(event("DTSTART:20261225")), []string{"2026-12-25T00:00Z 24h0m0s x"}},
		"an alarm is no event":    {event("DTSTART:20261225", "BEGIN:VALARM", "DTSTART:20200101", "END:VALARM"), []string{"2026-12-25T00:00Z 24h0m0s x"}},
		"one that has moved": {
			strings.ReplaceAll(event("UID:1", "DTSTART:20261225", "RRULE:FREQ=YEARLY;COUNT=2"), "END:VCALENDAR\r\n", "") +
				"BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;VALUE=DATE:20271225\r\nDTSTART:20271227\r\nSUMMARY:y\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
			[]string{"2026-12-25T00:00Z 24h0m0s x", "2027-12-27T00:00Z 24h0m0s y"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			spans, err := holiday.Read(strings.NewReader(c.text), lisbon(t))
			require.NoError(t, err)
			assert.Equal(t, c.want, lines(spans, 10))
		})
	}
}

func TestReadUntil2100(t *testing.T) {
	spans, err := holiday.Read(strings.NewReader(event("DTSTART:20001225", "RRULE:FREQ=YEARLY")), time.UTC)
	require.NoError(t, err)
	require.Len(t, spans, 101)
	assert.Equal(t, 2100, spans[100].From.Year())
}

// TestReadBroken: what is wrong is told with the line on which it stands.
func TestReadBroken(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		line int
		want string
	}{
		"nothing":             {"", 1, "no event"},
		"no event":            {"BEGIN:VCALENDAR\nEND:VCALENDAR\n", 1, "no event"},
		"a web page":          {"<!DOCTYPE html>\n<html>\n", 1, "is not a line of a calendar"},
		"another file":        {"key: value\n", 1, "KEY stands outside of a calendar"},
		"an event alone":      {"BEGIN:VEVENT\nEND:VEVENT\n", 1, "expected BEGIN:VCALENDAR"},
		"cut off":             {strings.TrimSuffix(event("DTSTART:20261225"), "END:VEVENT\r\nEND:VCALENDAR\r\n"), 2, "VEVENT begins here and does not end"},
		"mixed up":            {strings.ReplaceAll(event("DTSTART:20261225"), "END:VEVENT", "END:VTODO"), 5, "expected END:VEVENT, which ends what begins on line 2"},
		"no start":            {event("DTEND:20261225"), 2, "no DTSTART"},
		"no date":             {event("DTSTART:Christmas"), 4, `DTSTART has the value "Christmas"`},
		"no such day":         {event("DTSTART:20260230"), 4, "20260230"},
		"no colon":            {event("DTSTART 20261225"), 4, "is not a line of a calendar"},
		"an open quote":       {event(`DTSTART;TZID="Europe:20261225`), 4, "cannot be read"},
		"after a folded line": {event("DESCRIPTION:a", " b", " c", "DTSTART:x"), 7, "DTSTART"},
		"a zone of no city":   {event("DTSTART;TZID=W. Europe Standard Time:20261225T090000"), 4, `time zone "W. Europe Standard Time" is not known`},
		"backwards":           {event("DTSTART:20261225", "DTEND:20261224"), 5, "ends before it begins"},
		"of two kinds":        {event("DTSTART:20261225", "DTEND:20261226T090000"), 5, "not of one kind"},
		"no duration":         {event("DTSTART:20261225", "DURATION:1 day"), 5, "DURATION"},
		"a negative one":      {event("DTSTART:20261225", "DURATION:-P1D"), 5, "DURATION"},
		"hours of a day":      {event("DTSTART:20261225", "DURATION:PT8H"), 5, "DURATION"},
		"no rule":             {event("DTSTART:20261225", "RRULE:yearly"), 5, "RRULE cannot be read"},
		"a rule of no day":    {event("DTSTART:20261225", "RRULE:FREQ=YEARLY;BYMONTH=13"), 5, "RRULE cannot be read"},
		"every second":        {event("DTSTART:19700101T000000", "DURATION:PT1S", "RRULE:FREQ=SECONDLY"), 6, "several times a day"},
		"hours of every day":  {event("DTSTART:19700101T000000", "DURATION:PT1S", "RRULE:FREQ=DAILY;BYHOUR=1,2,3"), 6, "several times a day"},
		"steps too large":     {event("DTSTART:20261225", "RRULE:FREQ=YEARLY;INTERVAL=9000000000000000000"), 5, "interval"},
		"too long ago":        {event("DTSTART:00010101", "RRULE:FREQ=DAILY"), 4, "outside of the years 1900 to 2100"},
		"no exception":        {event("DTSTART:20261225", "RRULE:FREQ=YEARLY", "EXDATE:soon"), 6, "EXDATE"},
		"a period":            {event("DTSTART:20261225", "RDATE;VALUE=PERIOD:20261225T000000Z/PT1H"), 5, "RDATE"},
		"too many":            {strings.Repeat("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:19010101\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n", 3), 8, "more than 100000 holidays"},
		"too large":           {"BEGIN:VCALENDAR\n" + strings.Repeat("X-A:b\n", 2<<20), 0, "larger than 8 MiB"},
		"one endless line":    {"BEGIN:VCALENDAR\nX-A:" + strings.Repeat("b", 9<<20), 0, "larger than 8 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := holiday.Read(strings.NewReader(c.text), lisbon(t))
			var broken *holiday.Error
			require.ErrorAs(t, err, &broken)
			assert.Contains(t, broken.Message, c.want)
			if c.line > 0 {
				assert.Equal(t, c.line, broken.Line, broken.Message)
			}
			assert.Less(t, len(broken.Message), 300)
		})
	}
}

// FuzzRead: whatever a file holds, reading it ends, and what is wrong has a line.
func FuzzRead(f *testing.F) {
	text, err := os.ReadFile("testdata/portugal.ics")
	require.NoError(f, err)
	f.Add(string(text))
	for _, more := range [][]string{{"DTSTART:20261225", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, {"DTSTART;TZID=\"x\":2", "DURATION:P1D"}, {"DTSTART:20261225", "RRULE:FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,TU"}} {
		f.Add(event(more...))
	}
	f.Fuzz(func(t *testing.T, text string) {
		spans, err := holiday.Read(strings.NewReader(text), time.UTC)
		var broken *holiday.Error
		if err != nil && (!errors.As(err, &broken) || broken.Line < 1) {
			t.Fatalf("no line: %v", err)
		}
		for _, s := range spans {
			if !s.From.Before(s.To) {
				t.Fatalf("%s is not before %s", s.From, s.To)
			}
		}
	})
}
