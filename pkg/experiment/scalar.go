package experiment

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a Go duration: 500ms, 10s, 2m30s. It is never negative.
type Duration time.Duration

// UnmarshalText reads a Go duration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration: write a number with a unit, such as 500ms, 10s or 2m", text)
	}
	if v < 0 || text[0] == '-' { // -0s is no more of a duration than -1s: so says the schema, which knows signs and no values
		return fmt.Errorf("%s is negative: a duration is zero or more", text)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the duration as Go does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// Expected says what the loader expects.
func (Duration) Expected() string { return "a duration such as 10s" }

// Std is the duration as the standard library knows it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

func (d Duration) String() string { return time.Duration(d).String() }

// Percent is a share between 0% and 100%, held as a fraction between 0 and 1.
type Percent float64

// UnmarshalText reads a number that ends in %.
func (p *Percent) UnmarshalText(text []byte) error {
	number, ok := strings.CutSuffix(string(text), "%")
	v, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || math.IsNaN(v) {
		return fmt.Errorf("%q is not a percentage: write a number followed by %%, such as 99.9%%", text)
	}
	if math.Signbit(v) || v > 100 { // the schema knows signs and no values: -0% is outside, as -1% is
		return fmt.Errorf("%s is outside of 0%% to 100%%", text)
	}
	if v != math.Round(v*1e6)/1e6 {
		return fmt.Errorf("%s is too fine: a percentage has six decimals at most", text)
	}
	*p = Percent(v / 100)
	return nil
}

// MarshalText writes the share with its % sign.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Expected says what the loader expects.
func (Percent) Expected() string { return "a percentage such as 99.9%" }

func (p Percent) String() string {
	return strconv.FormatFloat(math.Round(float64(p)*1e8)/1e6, 'f', -1, 64) + "%"
}

// Count is how many of something: a number, a percentage, or all.
type Count struct {
	// Number is meant when Percent is nil and All is false.
	Number  int
	Percent *Percent
	All     bool
}

// CountOf is the plain number n.
func CountOf(n int) Count { return Count{Number: n} }

// UnmarshalText reads 2, 50% or all.
func (c *Count) UnmarshalText(text []byte) error {
	s := string(text)
	switch {
	case s == "all":
		*c = Count{All: true}
	case strings.HasSuffix(s, "%"):
		var p Percent
		if err := p.UnmarshalText(text); err != nil {
			return err
		}
		*c = Count{Percent: &p}
	default:
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not a count: write a number of 1 or more, a percentage such as 50%%, or all", s)
		}
		*c = Count{Number: n}
	}
	return nil
}

// MarshalText writes the count as it is read.
func (c Count) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Expected says what the loader expects.
func (Count) Expected() string { return "a number, a percentage or all" }

func (c Count) String() string {
	switch {
	case c.All:
		return "all"
	case c.Percent != nil:
		return c.Percent.String()
	}
	return strconv.Itoa(c.Number)
}

// Of is the number meant, out of total. A percentage is rounded down, but a percentage above zero means one at the
// least, so that a small workload is tested too.
func (c Count) Of(total int) int {
	switch {
	case c.All:
		return total
	case c.Percent != nil:
		n := int(math.Floor(float64(*c.Percent)*float64(total) + 1e-9))
		if n == 0 && *c.Percent > 0 && total > 0 {
			return 1
		}
		return n
	}
	return min(c.Number, total)
}

// Rate is a number of requests per unit of time.
type Rate struct {
	// PerSecond is the rate in Hz.
	PerSecond float64
}

// maxRate keeps a typing mistake from becoming an attack.
const maxRate = 100_000

// UnmarshalText reads 200/s, 30/m or 200/1s.
func (r *Rate) UnmarshalText(text []byte) error {
	v, err := perSecond(string(text))
	if err != nil {
		return err
	}
	if v <= 0 || v > maxRate {
		return fmt.Errorf("%s is outside of what a stream may ask for: more than 0, at most %d/s", text, maxRate)
	}
	r.PerSecond = v
	return nil
}

func perSecond(text string) (float64, error) {
	number, unit, ok := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, fmt.Errorf("%q is not a rate: write requests per unit of time, such as 200/s or 30/m", text)
	}
	if unit != "" && (unit[0] < '0' || unit[0] > '9') {
		unit = "1" + unit
	}
	per, err := time.ParseDuration(unit)
	if err != nil || per <= 0 {
		return 0, fmt.Errorf("%q is not a rate: the unit after / is s, m, h, or a duration such as 10s", text)
	}
	return n / per.Seconds(), nil
}

// MarshalText writes the rate per second.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Expected says what the loader expects.
func (Rate) Expected() string { return "a rate such as 200/s" }

func (r Rate) String() string { return strconv.FormatFloat(r.PerSecond, 'f', -1, 64) + "/s" }

// Level is a rate that may be 0/s: one of those that a load goes through.
type Level struct{ Rate }

// UnmarshalText reads a rate, or 0/s.
func (l *Level) UnmarshalText(text []byte) error {
	v, err := perSecond(string(text))
	if err != nil {
		return err
	}
	if math.Signbit(v) || v > maxRate {
		return fmt.Errorf("%s is outside of what a stream may ask for: from 0/s to %d/s", text, maxRate)
	}
	l.PerSecond = v
	return nil
}
