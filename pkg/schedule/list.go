package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Days are days of the week, as a set.
type Days uint8

func dayNames() []string { return []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"} }

// UnmarshalText reads MON-FRI or TUE,THU. A range may pass over the end of the week: SAT-MON.
func (d *Days) UnmarshalText(text []byte) error {
	var all Days
	for _, part := range parts(text) {
		from, to, isRange := strings.Cut(part, "-")
		a, b := slices.Index(dayNames(), strings.ToUpper(from)), slices.Index(dayNames(), strings.ToUpper(to))
		if !isRange {
			b = a
		}
		if a < 0 || b < 0 {
			return fmt.Errorf("%q is not a day of the week: write MON, a range such as MON-FRI, or several with commas between", part)
		}
		for day := a; ; day = (day + 1) % 7 {
			all |= 1 << day
			if day == b {
				break
			}
		}
	}
	*d = all
	return nil
}

// MarshalText writes the days from Monday on.
func (d Days) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Expected says what a loader expects.
func (Days) Expected() string { return "days such as MON-FRI" }

// Has says whether a day is among them.
func (d Days) Has(day time.Weekday) bool { return d&(1<<day) != 0 }

func (d Days) String() string {
	has := func(i int) bool { return d.Has(time.Weekday((i + 1) % 7)) }
	var names []string
	for i := 0; i < 7; i++ {
		if !has(i) {
			continue
		}
		last := i
		for last < 6 && has(last+1) {
			last++
		}
		name := dayNames()[(i+1)%7]
		if last > i+1 {
			name += "-" + dayNames()[(last+1)%7]
			i = last
		}
		names = append(names, name)
	}
	return strings.Join(names, ",")
}

// Hours are stretches of a day by the clock.
type Hours []Stretch

// Stretch is one of them, in minutes since midnight; its end is not part of it. One that ends before it begins passes
// over midnight, and belongs to the day on which it begins.
type Stretch struct{ From, To int }

// UnmarshalText reads 09:00-17:00, or several with commas between. 24:00 is the end of a day.
func (h *Hours) UnmarshalText(text []byte) error {
	var all Hours
	for _, part := range parts(text) {
		from, to, _ := strings.Cut(part, "-")
		a, okA := minuteOf(from)
		b, okB := minuteOf(to)
		switch {
		case !okA || !okB || a == endOfDay:
			return fmt.Errorf("%q are not hours: write begin and end, such as 09:00-17:00", part)
		case a == b:
			return fmt.Errorf("%q is empty: it ends when it begins; leave out hours where the whole day is meant", part)
		}
		all = append(all, Stretch{a, b})
	}
	if len(all) > mostStretches {
		return fmt.Errorf("there are %d stretches of hours: expected %d at most", len(all), mostStretches)
	}
	*h = all
	return nil
}

// Bounds of what one value names: more is a mistake, or made to cost time.
const (
	mostStretches = 24
	mostDates     = 366
)

const endOfDay = 24 * 60

func minuteOf(clock string) (int, bool) {
	if clock == "24:00" {
		return endOfDay, true
	}
	at, err := time.Parse("15:04", clock)
	return at.Hour()*60 + at.Minute(), err == nil && len(clock) == len("15:04")
}

// MarshalText writes the hours as they are read.
func (h Hours) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// Expected says what a loader expects.
func (Hours) Expected() string { return "hours such as 09:00-17:00" }

func (h Hours) String() string {
	all := make([]string, len(h))
	for i, s := range h {
		all[i] = fmt.Sprintf("%02d:%02d-%02d:%02d", s.From/60, s.From%60, s.To/60, s.To%60)
	}
	return strings.Join(all, ",")
}

// Dates are days of the calendar.
type Dates []DateRange

// DateRange reaches from its first day to its last, which is part of it.
type DateRange struct{ From, To Date }

// Date is a day of the calendar; with the year 0, of every year.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// UnmarshalText reads 2026-12-25, a range such as 2026-12-20/2027-01-04, or several with commas between. Without a year,
// 12-25 comes every year; a range of such may pass over the end of a year.
func (d *Dates) UnmarshalText(text []byte) error {
	var all Dates
	for _, part := range parts(text) {
		from, to, isRange := strings.Cut(part, "/")
		if !isRange {
			to = from
		}
		a, okA := dateOf(from)
		b, okB := dateOf(to)
		switch {
		case !okA || !okB:
			return fmt.Errorf("%q is not a date: write 2026-12-25, 12-25 for every year, or a range such as 2026-12-20/2027-01-04", part)
		case (a.Year == 0) != (b.Year == 0):
			return fmt.Errorf("%q has a year at one end only: write both or none", part)
		case a.Year != 0 && b.order() < a.order():
			return fmt.Errorf("%q ends before it begins", part)
		}
		all = append(all, DateRange{a, b})
	}
	if len(all) > mostDates {
		return fmt.Errorf("there are %d dates: expected %d at most, or a calendar", len(all), mostDates)
	}
	*d = all
	return nil
}

func dateOf(text string) (Date, bool) {
	if at, err := time.Parse(time.DateOnly, text); err == nil && at.Year() > 0 {
		return Date{at.Year(), at.Month(), at.Day()}, true
	}
	// A leap year has all days that a year can have.
	if at, err := time.Parse(time.DateOnly, "2000-"+text); err == nil {
		return Date{0, at.Month(), at.Day()}, true
	}
	return Date{}, false
}

// order grows with the days of the calendar; of dates without a year, within one.
func (d Date) order() int { return (d.Year*100+int(d.Month))*100 + d.Day }

// MarshalText writes the dates as they are read.
func (d Dates) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Expected says what a loader expects.
func (Dates) Expected() string { return "dates such as 2026-12-25" }

// Has says whether a day is among them.
func (d Dates) Has(year int, month time.Month, day int) bool {
	return slices.ContainsFunc(d, func(r DateRange) bool {
		if r.From.Year != 0 {
			at := Date{year, month, day}.order()
			return r.From.order() <= at && at <= r.To.order()
		}
		at := Date{0, month, day}.order()
		if r.To.order() < r.From.order() {
			return at >= r.From.order() || at <= r.To.order()
		}
		return r.From.order() <= at && at <= r.To.order()
	})
}

func (d Dates) String() string {
	all := make([]string, len(d))
	for i, r := range d {
		all[i] = r.From.String()
		if r.To != r.From {
			all[i] += "/" + r.To.String()
		}
	}
	return strings.Join(all, ",")
}

func (d Date) String() string {
	day := fmt.Sprintf("%02d-%02d", d.Month, d.Day)
	if d.Year == 0 {
		return day
	}
	return fmt.Sprintf("%04d-%s", d.Year, day)
}

// parts are what commas separate, without the spaces around it.
func parts(text []byte) []string {
	all := strings.Split(string(text), ",")
	for i := range all {
		all[i] = strings.Trim(all[i], " ")
	}
	return all
}
