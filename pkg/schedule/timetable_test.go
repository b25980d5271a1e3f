package schedule_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/schedule"
)

func TestShift(t *testing.T) {
	for name, c := range map[string]struct{ expression, zone, after, at, want string }{
		"no change":              {"30 1 * * *", "Europe/Lisbon", "2026-03-27T12:00:00Z", "2026-03-28T01:30:00Z", ""},
		"skipped":                {"30 1 * * *", "Europe/Lisbon", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "01:30:00 does not come, since clocks are put forward; it runs at the change"},
		"at the change itself":   {"0 2 * * *", "Europe/Lisbon", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", ""},
		"at the change, and not": {"0,30 1,2 * * *", "Europe/Lisbon", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "01:00:00 does not come, since clocks are put forward; it runs at the change"},
		"hourly":                 {"0 * * * *", "Europe/Lisbon", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", ""},
		"repeated":               {"30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", "2026-11-01T05:30:00Z", "01:30:00 comes twice, since clocks are put back; it runs the first time"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := schedule.Parse(c.expression, c.zone)
			require.NoError(t, err)
			next := s.Next(at(t, c.after))
			assert.Equal(t, c.at, next.UTC().Format(time.RFC3339))
			assert.Equal(t, c.want, s.Shift(next))
		})
	}
}

// TestJitter: it is the same for all who ask, differs from run to run and from seed to seed, and keeps the order of runs.
func TestJitter(t *testing.T) {
	s, err := schedule.Parse("*/10 * * * *", "UTC")
	require.NoError(t, err)
	delays := func(seed int64, jitter time.Duration) []time.Duration {
		table := &schedule.Timetable{Schedule: s, Jitter: jitter, Seed: seed}
		last := at(t, "2026-11-24T10:00:00Z")
		end := last
		var all []time.Duration
		for range 100 {
			run, ok := table.Next(last)
			require.True(t, ok)
			require.False(t, run.Start.Before(run.At))
			require.True(t, run.Start.After(end), "runs begin in their order")
			all = append(all, run.Start.Sub(run.At))
			last, end = run.At, run.Start
		}
		return all
	}
	once, again := delays(1, 5*time.Minute), delays(1, 5*time.Minute)
	assert.Equal(t, once, again)
	assert.NotEqual(t, once, delays(2, 5*time.Minute))
	distinct := map[time.Duration]bool{}
	for _, d := range once {
		assert.Less(t, d, 5*time.Minute)
		distinct[d] = true
	}
	assert.Greater(t, len(distinct), 50)
	for _, d := range delays(1, 24*time.Hour) {
		assert.Less(t, d, 10*time.Minute, "a run does not pass over the next one")
	}
	assert.Equal(t, make([]time.Duration, 100), delays(1, 0))
}

// TestNextOpenAgreesWithNext: passing over closed windows finds the run that going through all of them finds.
func TestNextOpenAgreesWithNext(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Lisbon")
	require.NoError(t, err)
	windows := schedule.NewWindows(zone, []schedule.Window{window(t, "TUE", "09:00-10:00", ""), window(t, "SAT-SUN", "23:30-02:30", "")},
		[]schedule.Exclusion{{Window: window(t, "", "", "10-25,11-24")}}, nil)
	for _, expression := range []string{"@every 7m", "*/7 * * * *", "15 */9 * * * *", "40 1 * * *"} {
		for _, jitter := range []time.Duration{0, 4 * time.Minute, 3 * time.Hour} {
			t.Run(expression+" "+jitter.String(), func(t *testing.T) {
				s, err := schedule.Parse(expression, "Europe/Lisbon")
				require.NoError(t, err)
				table := &schedule.Timetable{Schedule: s, Jitter: jitter, Seed: 7, Windows: windows}
				last := at(t, "2026-10-23T21:03:00Z")
				slow := last
				for range 40 {
					run, ok := table.NextOpen(last)
					require.True(t, ok)
					var want schedule.Run
					for want.At.IsZero() || want.Skip != nil {
						want, ok = table.Next(slow)
						require.True(t, ok)
						slow = want.At
					}
					require.Equal(t, want, run)
					last = run.At
				}
			})
		}
	}
}

// TestNextOpenAfterJitter: of the many runs before a window opens, the last one is found that jitter takes into it.
func TestNextOpenAfterJitter(t *testing.T) {
	s, err := schedule.Parse("* * 0-8,10-23 * * *", "UTC")
	require.NoError(t, err)
	table := &schedule.Timetable{
		Schedule: s, Jitter: 24 * time.Hour, Seed: 1,
		Windows: schedule.NewWindows(time.UTC, []schedule.Window{window(t, "", "09:00-10:00", "")}, nil, nil),
	}
	start := time.Now()
	last := at(t, "2026-11-24T10:00:00Z")
	for range 100 {
		run, ok := table.NextOpen(last)
		require.True(t, ok)
		assert.Equal(t, "08:59:59", run.At.Format(time.TimeOnly))
		assert.Equal(t, 9, run.Start.Hour())
		last = run.At
	}
	assert.Less(t, time.Since(start), 10*time.Second)
}

func TestNextOpenNever(t *testing.T) {
	s, err := schedule.Parse("* * * * * TUE", "UTC")
	require.NoError(t, err)
	now := at(t, "2026-11-24T10:00:00Z")
	other, err := schedule.Parse("* * 0-8,10-23 * * *", "UTC")
	require.NoError(t, err)
	nine := schedule.NewWindows(time.UTC, []schedule.Window{window(t, "", "09:00-10:00", "")}, nil, nil)
	var odd, even []schedule.Window
	for hour := range 24 {
		odd = append(odd, window(t, "", fmt.Sprintf("%02d:01-%02d:02,%02d:31-%02d:32", hour, hour, hour, hour), ""))
		even = append(even, window(t, "", fmt.Sprintf("%02d:00-%02d:01,%02d:30-%02d:31", hour, hour, hour, hour), ""))
	}
	half, err := schedule.Parse("0,30 * * * *", "Europe/Lisbon")
	require.NoError(t, err)
	for name, table := range map[string]*schedule.Timetable{
		"open but at runs":   {Schedule: other, Windows: nine},
		"many windows a day": {Schedule: half, Windows: schedule.NewWindows(time.UTC, odd, nil, nil)},
		"few minutes of few days": {Schedule: half, Jitter: 30 * time.Second, Windows: schedule.NewWindows(time.UTC, append(odd, even...),
			[]schedule.Exclusion{{Window: window(t, "", "00:00-24:00", "")}}, nil)},
		"suspended":        {Schedule: s, Suspended: true},
		"never open":       {Schedule: s, Windows: schedule.NewWindows(time.UTC, []schedule.Window{window(t, "", "", "2020-01-01")}, nil, nil)},
		"open at no run":   {Schedule: s, Windows: schedule.NewWindows(time.UTC, []schedule.Window{window(t, "MON", "", "")}, nil, nil)},
		"an endless event": {Schedule: s, Windows: schedule.NewWindows(time.UTC, nil, nil, []schedule.Span{{To: now.AddDate(20, 0, 0), Kind: schedule.Freeze}})},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, ok := table.NextOpen(now)
			assert.False(t, ok)
			assert.Less(t, time.Since(start), 20*time.Second)
			run, ok := table.Next(now)
			assert.True(t, ok)
			assert.NotNil(t, run.Skip)
		})
	}
}
