package schedule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/schedule"
)

func TestParseErrors(t *testing.T) {
	for name, c := range map[string]struct{ expression, zone, want string }{
		"no such zone":     {"@daily", "Europe/Lisboa", `time zone "Europe/Lisboa" is not known`},
		"too few fields":   {"30 10 * *", "", `schedule "30 10 * *" cannot be read`},
		"no such weekday":  {"30 10 * * TEU", "", "cannot be read"},
		"no such minute":   {"60 10 * * *", "", "cannot be read"},
		"nothing":          {"", "", "cannot be read"},
		"zone inside":      {"TZ=Europe/Lisbon 30 10 * * *", "", "names a time zone"},
		"only a zone":      {"CRON_TZ=UTC", "", "names a time zone"},
		"no such shortcut": {"@fortnightly", "", "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := schedule.Parse(c.expression, c.zone)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// TestClockChanges holds the cases that the documentation of Next names.
func TestClockChanges(t *testing.T) {
	for name, c := range map[string]struct {
		expression, zone, after string
		want                    []string
	}{
		"skipped: at the change, once": {
			"30 1 * * *", "Europe/Lisbon", "2026-03-28T12:00:00Z",
			[]string{"2026-03-29T02:00:00+01:00", "2026-03-30T01:30:00+01:00"},
		},
		"skipped twice over: at the change, once": {
			"0,30 1 * * *", "Europe/Lisbon", "2026-03-28T12:00:00Z",
			[]string{"2026-03-29T02:00:00+01:00", "2026-03-30T01:00:00+01:00"},
		},
		"repeated: the first time": {
			"30 1 * * *", "America/New_York", "2026-10-31T12:00:00-04:00",
			[]string{"2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"},
		},
		"repeated, asked for between the two": {
			"30 1 * * *", "America/New_York", "2026-11-01T01:45:00-04:00",
			[]string{"2026-11-02T01:30:00-05:00"},
		},
		"quarters of a repeated hour": {
			"*/30 1 * * *", "America/New_York", "2026-11-01T00:00:00-04:00",
			[]string{"2026-11-01T01:00:00-04:00", "2026-11-01T01:30:00-04:00", "2026-11-02T01:00:00-05:00"},
		},
		"hourly goes on": {
			"15 * * * *", "America/New_York", "2026-11-01T00:30:00-04:00",
			[]string{"2026-11-01T01:15:00-04:00", "2026-11-01T01:15:00-05:00", "2026-11-01T02:15:00-05:00"},
		},
		"hourly leaves out the skipped hour": {
			"15 * * * *", "America/New_York", "2026-03-08T01:00:00-05:00",
			[]string{"2026-03-08T01:15:00-05:00", "2026-03-08T03:15:00-04:00"},
		},
		"half an hour is skipped": {
			"10 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00+10:30",
			[]string{"2026-10-04T02:30:00+11:00", "2026-10-05T02:10:00+11:00"},
		},
		"a whole day is skipped": {
			"0 9 30 * *", "Pacific/Apia", "2011-12-01T00:00:00-10:00",
			[]string{"2011-12-31T00:00:00+14:00", "2012-01-30T09:00:00+14:00"},
		},
		"elapsed time knows no change": {
			"@every 1h", "America/New_York", "2026-11-01T01:30:00-04:00",
			[]string{"2026-11-01T01:30:00-05:00", "2026-11-01T02:30:00-05:00"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := schedule.Parse(c.expression, c.zone)
			require.NoError(t, err)
			at, err := time.Parse(time.RFC3339, c.after)
			require.NoError(t, err)
			var got []string
			for range c.want {
				at = s.Next(at)
				got = append(got, at.Format(time.RFC3339))
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestNextNever(t *testing.T) {
	s, err := schedule.Parse("0 0 30 2 *", "Europe/Lisbon")
	require.NoError(t, err)
	assert.True(t, s.Next(time.Now()).IsZero())
}

// TestNextIsConsistent: whatever instant is asked, the answer lies after it, and asking from anywhere between gives
// the same one.
func TestNextIsConsistent(t *testing.T) {
	zones := []string{"UTC", "Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"}
	rapid.Check(t, func(t *rapid.T) {
		s, err := schedule.Parse(rapid.SampledFrom(rules).Draw(t, "rule").expression, rapid.SampledFrom(zones).Draw(t, "zone"))
		require.NoError(t, err)
		at := time.Unix(rapid.Int64Range(1_500_000_000, 2_000_000_000).Draw(t, "at"), 0)
		next := s.Next(at)
		require.True(t, next.After(at))
		between := at.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(at))-1).Draw(t, "between")))
		require.True(t, s.Next(between).Equal(next), "from %s: %s, from %s: %s", at, next, between, s.Next(between))
	})
}
