package schedule_test

import (
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
}

var rules = []rule{
	{"30 10 * * TUE", false, func(t time.Time) bool { return t.Weekday() == time.Tuesday && t.Hour() == 10 && t.Minute() == 30 }},
	{"30 1 * * *", false, func(t time.Time) bool { return t.Hour() == 1 && t.Minute() == 30 }},
	{"30 2 * * *", false, func(t time.Time) bool { return t.Hour() == 2 && t.Minute() == 30 }},
	{"0 2 * * SUN", false, func(t time.Time) bool { return t.Weekday() == time.Sunday && t.Hour() == 2 && t.Minute() == 0 }},
	{"*/15 1,2 * * *", false, func(t time.Time) bool { return (t.Hour() == 1 || t.Hour() == 2) && t.Minute()%15 == 0 }},
	{"0 */2 * * *", false, func(t time.Time) bool { return t.Hour()%2 == 0 && t.Minute() == 0 }},
	{"45 * * * *", true, func(t time.Time) bool { return t.Minute() == 45 }},
	{"*/20 * * * *", true, func(t time.Time) bool { return t.Minute()%20 == 0 }},
	{"* * * * *", true, func(time.Time) bool { return true }},
	{"0 0 29 2 *", false, func(t time.Time) bool {
		return t.Month() == time.February && t.Day() == 29 && t.Hour() == 0 && t.Minute() == 0
	}},
	{"@daily", false, func(t time.Time) bool { return t.Hour() == 0 && t.Minute() == 0 }},
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
		if r.matches(m.local) && (r.hourly || !m.repeated) || !r.hourly && slices.ContainsFunc(m.skipped, r.matches) {
			fires = append(fires, m.at)
		}
	}
	return fires
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
