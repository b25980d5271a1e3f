package schedule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/schedule"
)

func TestDays(t *testing.T) {
	for text, want := range map[string]string{
		"MON": "MON", "mon-wed": "MON-WED", "FRI-MON": "MON,FRI-SUN", "SUN, TUE": "TUE,SUN", "SUN-SAT": "MON-SUN", "SAT,SUN": "SAT,SUN", "MON,TUE,THU-FRI": "MON,TUE,THU,FRI",
		"": "", "MON-": "", "Monday": "", "MON,,TUE": "", "MON-TUE-WED": "",
	} {
		var d schedule.Days
		err := d.UnmarshalText([]byte(text))
		assert.Equal(t, want, d.String(), text)
		assert.Equal(t, want == "", err != nil, text)
	}
}

func TestHours(t *testing.T) {
	for text, want := range map[string]string{
		"09:00-17:00": "09:00-17:00", "22:00-06:00": "22:00-06:00", "00:00-24:00": "00:00-24:00", "18:00-00:00": "18:00-00:00", "08:00-10:00, 14:30-15:00": "08:00-10:00,14:30-15:00",
		"": "", "9-17": "", "9:00-17:00": "", "09:00": "", "09:00-24:01": "", "24:00-06:00": "", "09:00-09:00": "", "17:00-25:00": "",
	} {
		var h schedule.Hours
		err := h.UnmarshalText([]byte(text))
		assert.Equal(t, want, h.String(), text)
		assert.Equal(t, want == "", err != nil, text)
	}
}

func TestDates(t *testing.T) {
	for text, want := range map[string]string{
		"2026-12-25": "2026-12-25", "12-25, 01-01": "12-25,01-01", "2026-12-20/2027-01-04": "2026-12-20/2027-01-04", "12-20/01-04": "12-20/01-04", "02-29": "02-29", "2026-12-25/2026-12-25": "2026-12-25",
		"": "", "2026-02-29": "", "02-30": "", "2026-12-25/2026-12-24": "", "2026-12-25/01-04": "", "25.12.2026": "", "2026-12": "",
	} {
		var d schedule.Dates
		err := d.UnmarshalText([]byte(text))
		assert.Equal(t, want, d.String(), text)
		assert.Equal(t, want == "", err != nil, text)
	}
}

func TestMoment(t *testing.T) {
	lisbon, err := time.LoadLocation("Europe/Lisbon")
	require.NoError(t, err)
	for text, want := range map[string]string{
		"2026-12-01T10:30":          "2026-12-01T10:30:00Z",
		"2026-07-01T10:30:15":       "2026-07-01T10:30:15+01:00",
		"2026-12-01T10:30+09:00":    "2026-12-01T01:30:00Z",
		"2026-12-01T10:30:00Z":      "2026-12-01T10:30:00Z",
		"2026-03-29T01:30":          "2026-03-29T02:00:00+01:00", // skipped
		"2026-10-25T01:30":          "2026-10-25T01:30:00+01:00", // repeated
		"2026-10-25T01:30:00+00:00": "2026-10-25T01:30:00Z",
		"2026-12-01":                "", "10:30": "", "": "", "tomorrow": "", "1969-12-01T10:30": "", "1970-01-01T00:00+05:00": "", "9999-12-31T23:59-01:00": "", "2026-12-01T10:30:00.5": "", "2026-02-30T10:30": "",
	} {
		var m schedule.Moment
		err := m.UnmarshalText([]byte(text))
		if want == "" {
			assert.Error(t, err, text)
			continue
		}
		require.NoError(t, err, text)
		assert.Equal(t, want, m.In(lisbon).Format(time.RFC3339), text)
		var again schedule.Moment
		require.NoError(t, again.UnmarshalText([]byte(m.String())))
		assert.Equal(t, m, again)
	}
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return instant
}

func TestWindowsOpenAndClose(t *testing.T) {
	for name, c := range map[string]struct {
		zone           string
		allow          []schedule.Window
		exclude        []schedule.Exclusion
		spans          []schedule.Span
		at             string
		closed         string
		kind           schedule.Kind
		opens, closes  string
		neverCloses    bool
		neverOpensThen bool
	}{
		"all is open": {at: "2026-11-24T10:00:00Z", opens: "2026-11-24T10:00:00Z", neverCloses: true},
		"within hours": {
			allow: []schedule.Window{window(t, "MON-FRI", "09:00-17:00", "")}, at: "2026-11-24T10:00:00Z",
			opens: "2026-11-24T10:00:00Z", closes: "2026-11-24T17:00:00Z",
		},
		"at their end": {
			allow: []schedule.Window{window(t, "MON-FRI", "09:00-17:00", "")}, at: "2026-11-27T17:00:00Z",
			kind: schedule.Outside, closed: "it is outside of MON-FRI 09:00-17:00", opens: "2026-11-30T09:00:00Z", closes: "2026-11-27T17:00:00Z",
		},
		"past midnight, on the day after": {
			allow: []schedule.Window{window(t, "FRI", "22:00-06:00", "")}, at: "2026-11-28T05:59:59Z",
			opens: "2026-11-28T05:59:59Z", closes: "2026-11-28T06:00:00Z",
		},
		"past midnight, on the day itself": {
			allow: []schedule.Window{window(t, "FRI", "22:00-06:00", "")}, at: "2026-11-27T05:00:00Z",
			kind: schedule.Outside, closed: "it is outside of FRI 22:00-06:00", opens: "2026-11-27T22:00:00Z", closes: "2026-11-27T05:00:00Z",
		},
		"windows that join": {
			allow: []schedule.Window{window(t, "", "09:00-12:00", ""), window(t, "", "12:00-17:00", "")}, at: "2026-11-27T10:00:00Z",
			opens: "2026-11-27T10:00:00Z", closes: "2026-11-27T17:00:00Z",
		},
		"a freeze without an end": {
			spans: []schedule.Span{{From: at(t, "2026-11-20T18:00:00Z"), Kind: schedule.Freeze, Name: "the migration"}}, at: "2026-11-24T10:00:00Z",
			kind: schedule.Freeze, closed: "it is within a freeze: the migration", closes: "2026-11-24T10:00:00Z", neverOpensThen: true,
		},
		"before that freeze": {
			spans: []schedule.Span{{From: at(t, "2026-11-20T18:00:00Z"), Kind: schedule.Freeze}}, at: "2026-11-20T10:00:00Z",
			opens: "2026-11-20T10:00:00Z", closes: "2026-11-20T18:00:00Z",
		},
		"a short holiday within a long one": {
			spans: []schedule.Span{
				{From: at(t, "2026-12-20T00:00:00Z"), To: at(t, "2027-01-04T00:00:00Z"), Kind: schedule.Holiday, Name: "Winter"},
				{From: at(t, "2026-12-25T00:00:00Z"), To: at(t, "2026-12-26T00:00:00Z"), Kind: schedule.Holiday, Name: "Christmas"},
			}, at: "2026-12-30T10:00:00Z",
			kind: schedule.Holiday, closed: "it is Winter", opens: "2027-01-04T00:00:00Z", closes: "2026-12-30T10:00:00Z",
		},
		"an exclusion by name": {
			exclude: []schedule.Exclusion{{Window: window(t, "FRI", "15:00-24:00", ""), Name: "nobody wants to stay"}}, at: "2026-11-27T16:00:00Z",
			kind: schedule.Excluded, closed: "FRI 15:00-24:00 is excluded: nobody wants to stay", opens: "2026-11-28T00:00:00Z", closes: "2026-11-27T16:00:00Z",
		},
		"February 29th, eight years on": {
			allow: []schedule.Window{window(t, "", "", "02-29")}, at: "2097-01-01T00:00:00Z",
			kind: schedule.Outside, closed: "it is outside of 02-29", opens: "2104-02-29T00:00:00Z", closes: "2097-01-01T00:00:00Z",
		},
		"the second half past one closes too": {
			zone: "America/New_York", allow: []schedule.Window{window(t, "", "00:00-01:30", "")}, at: "2026-11-01T06:10:00Z",
			opens: "2026-11-01T06:10:00Z", closes: "2026-11-01T06:30:00Z",
		},
		"what closed at half past one opens when it is one again": {
			zone: "America/New_York", allow: []schedule.Window{window(t, "", "00:00-01:30", "")}, at: "2026-11-01T05:30:00Z",
			kind: schedule.Outside, closed: "it is outside of 00:00-01:30", opens: "2026-11-01T06:00:00Z", closes: "2026-11-01T05:30:00Z",
		},
		"hours that are skipped are not there": {
			zone: "Europe/Lisbon", allow: []schedule.Window{window(t, "", "01:00-02:00", "")}, at: "2026-03-28T12:00:00Z",
			kind: schedule.Outside, closed: "it is outside of 01:00-02:00", opens: "2026-03-30T00:00:00Z", closes: "2026-03-28T12:00:00Z",
		},
	} {
		t.Run(name, func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			require.NoError(t, err)
			w := schedule.NewWindows(zone, c.allow, c.exclude, c.spans)
			now := at(t, c.at)
			if reason := w.Closed(now); c.closed == "" {
				assert.Nil(t, reason)
			} else {
				assert.Equal(t, &schedule.Reason{Kind: c.kind, Why: c.closed}, reason)
			}
			assert.Equal(t, c.neverOpensThen, w.Opens(now).IsZero())
			if !c.neverOpensThen {
				assert.Equal(t, c.opens, w.Opens(now).UTC().Format(time.RFC3339))
			}
			assert.Equal(t, c.neverCloses, w.Closes(now).IsZero())
			if !c.neverCloses {
				assert.Equal(t, c.closes, w.Closes(now).UTC().Format(time.RFC3339))
			}
		})
	}
}

func TestWithoutWindowsAllIsOpen(t *testing.T) {
	var w *schedule.Windows
	now := time.Now()
	assert.Nil(t, w.Closed(now))
	assert.Equal(t, now, w.Opens(now))
	assert.True(t, w.Closes(now).IsZero())
}
