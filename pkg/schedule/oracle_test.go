package schedule_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/schedule"
)

// rule is a schedule in two forms: as an expression, and as a predicate for the oracle.
type rule struct {
	expression string
	hourly     bool
	matches    func(t time.Time) bool
	// second of the minute at which it fires.
	second int
}

var rules = []rule{
	{"30 10 * * TUE", false, func(t time.Time) bool { return t.Weekday() == time.Tuesday && t.Hour() == 10 && t.Minute() == 30 }, 0},
	{"30 1 * * *", false, func(t time.Time) bool { return t.Hour() == 1 && t.Minute() == 30 }, 0},
	{"30 2 * * *", false, func(t time.Time) bool { return t.Hour() == 2 && t.Minute() == 30 }, 0},
	{"0 2 * * SUN", false, func(t time.Time) bool { return t.Weekday() == time.Sunday && t.Hour() == 2 && t.Minute() == 0 }, 0},
	{"*/15 1,2 * * *", false, func(t time.Time) bool { return (t.Hour() == 1 || t.Hour() == 2) && t.Minute()%15 == 0 }, 0},
	{"0 */2 * * *", false, func(t time.Time) bool { return t.Hour()%2 == 0 && t.Minute() == 0 }, 0},
	{"45 * * * *", true, func(t time.Time) bool { return t.Minute() == 45 }, 0},
	{"*/20 * * * *", true, func(t time.Time) bool { return t.Minute()%20 == 0 }, 0},
	{"* * * * *", true, func(time.Time) bool { return true }, 0},
	{"0 0 29 2 *", false, func(t time.Time) bool {
		return t.Month() == time.February && t.Day() == 29 && t.Hour() == 0 && t.Minute() == 0
	}, 0},
	{"@daily", false, func(t time.Time) bool { return t.Hour() == 0 && t.Minute() == 0 }, 0},
	{"20 45 1,2 * * *", false, func(t time.Time) bool { return (t.Hour() == 1 || t.Hour() == 2) && t.Minute() == 45 }, 20},
	{"7 */30 * * * *", true, func(t time.Time) bool { return t.Minute()%30 == 0 }, 7},
}

// minute is one minute of a year as a zone shows it.
type minute struct {
	at, local time.Time
	// repeated says that the clock has shown this time before; skipped are the times that it passed over just before.
	repeated bool
	skipped  []time.Time
}

// minutes looks at every minute of a year, and knows nothing of rules for clocks.
func minutes(zone *time.Location, year int) []minute {
	var all []minute
	shown := map[int64]bool{}
	start := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Add(-4 * time.Hour)
	_, before := start.In(zone).Zone()
	for at := start; at.Year() <= year; at = at.Add(time.Minute) {
		m := minute{at: at, local: at.In(zone)}
		_, offset := m.local.Zone()
		face := at.Unix() + int64(offset)
		m.repeated = shown[face]
		shown[face] = true
		for gap := offset - before; gap > 0; gap -= 60 {
			m.skipped = append(m.skipped, time.Unix(face-int64(gap), 0).UTC())
		}
		before = offset
		all = append(all, m)
	}
	return all
}

// oracle lists the instants at which a rule fires.
func oracle(r rule, year []minute) []time.Time {
	var fires []time.Time
	for _, m := range year {
		if !r.hourly && slices.ContainsFunc(m.skipped, r.matches) {
			fires = append(fires, m.at)
		}
		if r.matches(m.local) && (r.hourly || !m.repeated) {
			fires = append(fires, m.at.Add(time.Duration(r.second)*time.Second))
		}
	}
	return slices.Compact(fires)
}

func TestNextAgreesWithOracle(t *testing.T) {
	// Lord Howe changes by half an hour; Apia left out 2011-12-30; Troll changed by two hours.
	places := []struct {
		zone string
		year int
	}{{"UTC", 2026}, {"Europe/Lisbon", 2026}, {"America/New_York", 2024}, {"Australia/Lord_Howe", 2026}, {"Pacific/Apia", 2011}, {"Antarctica/Troll", 2026}}
	for _, place := range places {
		zone, err := time.LoadLocation(place.zone)
		require.NoError(t, err)
		year := minutes(zone, place.year)
		for _, r := range rules {
			if r.expression == "* * * * *" && place.zone != "Australia/Lord_Howe" {
				continue // half a million firings in one zone are enough
			}
			t.Run(fmt.Sprintf("%s %s", place.zone, r.expression), func(t *testing.T) {
				s, err := schedule.Parse(r.expression, place.zone)
				require.NoError(t, err)
				want := oracle(r, year)
				at := time.Date(place.year, 1, 1, 0, 0, 0, 0, time.UTC).Add(-4*time.Hour - time.Second)
				for i, w := range want {
					at = s.Next(at)
					if !at.Equal(w) {
						require.Failf(t, "they differ", "firing %d: got %s, want %s (%s)", i, at, w.In(zone), w)
					}
				}
				if next := s.Next(at); !next.IsZero() {
					assert.True(t, next.Year() > place.year || !next.Before(time.Date(place.year+1, 1, 1, 0, 0, 0, 0, time.UTC)), "nothing is left: %s", next)
				}
			})
		}
	}
}

// gameDay is a timetable in two forms.
type gameDay struct {
	zone    string
	rule    rule
	windows func(zone *time.Location) *schedule.Windows
	open    func(local time.Time) bool
}

func window(t *testing.T, days, hours, dates string) schedule.Window {
	t.Helper()
	var w schedule.Window
	for _, part := range []struct {
		text string
		into interface{ UnmarshalText([]byte) error }
	}{{days, &w.Days}, {hours, &w.Hours}, {dates, &w.Dates}} {
		if part.text != "" {
			require.NoError(t, part.into.UnmarshalText([]byte(part.text)))
		}
	}
	return w
}

// minuteOf is the time of day in minutes.
func minuteOf(t time.Time) int { return t.Hour()*60 + t.Minute() }

func weekday(t time.Time) bool { return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday }

// gameDays are a dozen, in several zones.
func gameDays(t *testing.T) map[string]gameDay {
	named := map[string]rule{}
	for _, r := range rules {
		named[r.expression] = r
	}
	always := func(time.Time) bool { return true }
	days := map[string]gameDay{}
	for i, zone := range []string{"UTC", "Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"} {
		days["free "+zone] = gameDay{zone, rules[i], nil, always}
	}
	days["working hours"] = gameDay{"Europe/Lisbon", named["*/20 * * * *"], func(zone *time.Location) *schedule.Windows {
		return schedule.NewWindows(zone, []schedule.Window{window(t, "MON-FRI", "09:00-12:30,13:30-17:00", "")}, nil, nil)
	}, func(local time.Time) bool {
		m := minuteOf(local)
		return weekday(local) && (m >= 9*60 && m < 12*60+30 || m >= 13*60+30 && m < 17*60)
	}}
	days["nights of weekends, through both changes"] = gameDay{"America/New_York", named["45 * * * *"], func(zone *time.Location) *schedule.Windows {
		return schedule.NewWindows(zone, []schedule.Window{window(t, "SAT,SUN", "22:00-02:00", "")}, nil, nil)
	}, func(local time.Time) bool {
		m, day := minuteOf(local), local.Weekday()
		return m >= 22*60 && !weekday(local) || m < 2*60 && (day == time.Sunday || day == time.Monday)
	}}
	days["hours that end in the hour of the change"] = gameDay{"Europe/Lisbon", named["*/15 1,2 * * *"], func(zone *time.Location) *schedule.Windows {
		return schedule.NewWindows(zone, []schedule.Window{window(t, "", "00:30-01:40", "")}, nil, nil)
	}, func(local time.Time) bool { return minuteOf(local) >= 30 && minuteOf(local) < 100 }}
	days["closed over the turn of the year"] = gameDay{"Australia/Lord_Howe", named["@daily"], func(zone *time.Location) *schedule.Windows {
		return schedule.NewWindows(zone, nil, []schedule.Exclusion{{Window: window(t, "", "", "12-20/01-04")}, {Window: window(t, "FRI", "", "")}}, nil)
	}, func(local time.Time) bool {
		day := int(local.Month())*100 + local.Day()
		return day > 104 && day < 1220 && local.Weekday() != time.Friday
	}}
	days["a freeze and two holidays"] = gameDay{"America/New_York", named["0 */2 * * *"], func(zone *time.Location) *schedule.Windows {
		at := func(month time.Month, day, hour int) time.Time {
			return time.Date(2026, month, day, hour, 0, 0, 0, zone)
		}
		return schedule.NewWindows(zone, nil, nil, []schedule.Span{
			{From: at(11, 20, 18), To: at(11, 30, 8), Kind: schedule.Freeze},
			{From: at(7, 4, 0), To: at(7, 5, 0), Kind: schedule.Holiday, Name: "Independence Day"},
			{From: at(11, 26, 0), To: at(11, 27, 0), Kind: schedule.Holiday, Name: "Thanksgiving"},
		})
	}, func(local time.Time) bool {
		at := (int(local.Month())*100+local.Day())*100 + local.Hour()
		return (at < 112018 || at >= 113008) && local.YearDay() != 185
	}}
	days["some days of spring, in seconds"] = gameDay{"Europe/Lisbon", named["7 */30 * * * *"], func(zone *time.Location) *schedule.Windows {
		return schedule.NewWindows(zone, []schedule.Window{window(t, "", "", "2026-03-28/2026-03-30"), window(t, "", "20:00-24:00", "2026-04-05")}, nil, nil)
	}, func(local time.Time) bool {
		day := int(local.Month())*100 + local.Day()
		return day >= 328 && day <= 330 || day == 405 && local.Hour() >= 20
	}}
	return days
}

// TestYearOfGameDays goes through a year by the loop, on a clock that jumps, and compares each run with the oracle.
func TestYearOfGameDays(t *testing.T) {
	const year = 2026
	seen := map[string][]minute{}
	days := gameDays(t)
	require.GreaterOrEqual(t, len(days), 12)
	for name, day := range days {
		t.Run(name, func(t *testing.T) {
			zone, err := time.LoadLocation(day.zone)
			require.NoError(t, err)
			if seen[day.zone] == nil {
				seen[day.zone] = minutes(zone, year)
			}
			var want []string
			for _, at := range oracle(day.rule, seen[day.zone]) {
				if day.open(at.In(zone)) {
					want = append(want, at.Format(time.RFC3339))
				}
			}
			require.NotEmpty(t, want)
			s, err := schedule.Parse(day.rule.expression, day.zone)
			require.NoError(t, err)
			table := &schedule.Timetable{Schedule: s}
			if day.windows != nil {
				table.Windows = day.windows(zone)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			clock := &stepClock{seen[day.zone][0].at.Add(-time.Second)}
			end := time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC)
			var got []string
			loop := schedule.Loop{Clock: clock, Table: table, Missed: func(m schedule.Missed) { t.Errorf("missed: %v", m) }}
			loop.Waiting = func(next schedule.Run) {
				if !next.Start.Before(end) {
					cancel()
				}
			}
			loop.Run(ctx, func(_ context.Context, run schedule.Run) {
				assert.Equal(t, clock.now, run.Start)
				got = append(got, run.At.UTC().Format(time.RFC3339))
				clock.now = clock.now.Add(3 * time.Minute)
			})
			require.Equal(t, want, got)
		})
	}
}
