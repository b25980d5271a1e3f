package report

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// seconds writes a duration for people: 0.40 ms, 35 ms, 1.24 s, 12.4 s, 2 min 05 s, 1 h 02 min.
func seconds(s float64) string {
	switch {
	case math.IsNaN(s) || math.IsInf(s, 0):
		return "–"
	case s < 0:
		return "−" + seconds(-s)
	case s == 0:
		return "0 s"
	case s < 0.000_995:
		return fixed(s*1e3, 2) + " ms"
	case s < 0.009_95:
		return fixed(s*1e3, 1) + " ms"
	case s < 0.999_5:
		return fixed(s*1e3, 0) + " ms"
	case s < 9.995:
		return fixed(s, 2) + " s"
	case s < 59.95:
		return fixed(s, 1) + " s"
	}
	whole := int64(math.Round(s))
	if whole < 3600 {
		return strings.TrimSuffix(strconv.FormatInt(whole/60, 10)+" min "+twoDigits(whole%60)+" s", " 00 s")
	}
	minutes := int64(math.Round(s / 60))
	return strings.TrimSuffix(strconv.FormatInt(minutes/60, 10)+" h "+twoDigits(minutes%60)+" min", " 00 min")
}

// offset writes a moment of a run as the time since its start, finely enough to tell neighbouring events apart.
func offset(s float64) string {
	if math.Abs(s) < 60 {
		return fixed(s, 2) + " s"
	}
	if s < 0 {
		return "−" + offset(-s)
	}
	hundredths := int64(math.Round(s * 100))
	minutes, rest := hundredths/6000, hundredths%6000
	return strconv.FormatInt(minutes, 10) + " min " + twoDigits(rest/100) + "." + twoDigits(rest%100) + " s"
}

// percent writes a share with as few decimals as tell it from none and from all: 100 %, 99.98 %, 90.9 %, 0 %.
// What is not whole never reads as whole.
func percent(share float64) string { return percentDigits(share) + " %" }

func percentDigits(share float64) string {
	switch {
	case math.IsNaN(share):
		return "–"
	case share >= 1:
		return "100"
	case share <= 0:
		return "0"
	}
	// Two decimals say enough until the distance to the nearer end is smaller than they are.
	digits := 2
	if distance := math.Min(share, 1-share) * 100; distance < 0.01 {
		digits = min(int(math.Ceil(1-math.Log10(distance))), 7)
	}
	text := strings.TrimSuffix(strings.TrimRight(fixed(share*100, digits), "0"), ".")
	switch text {
	case "100":
		return "99.9999999"
	case "", "0":
		return "0.0000001"
	}
	return text
}

// interval writes a 95 % interval of shares: 99.9–100 %.
func interval(bounds [2]float64) string {
	return percentDigits(bounds[0]) + "–" + percentDigits(bounds[1]) + " %"
}

// count writes a whole number with its thousands set apart: 6,003.
func count[N int | uint64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	head := (len(digits)-1)%3 + 1
	var b strings.Builder
	b.WriteString(digits[:head])
	for i := head; i < len(digits); i += 3 {
		b.WriteString("," + digits[i:i+3])
	}
	return b.String()
}

// rate writes requests per second: 200/s, 99.7/s.
func rate(perSecond float64) string {
	if perSecond >= 100 || perSecond == math.Trunc(perSecond) {
		return count(int(math.Round(perSecond))) + "/s"
	}
	return strings.TrimSuffix(fixed(perSecond, 1), ".0") + "/s"
}

// plural writes a number with its noun: 1 request, 2 requests.
func plural[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// instant writes a wall-clock time in UTC.
func instant(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05.000") + " UTC"
}

func fixed(v float64, decimals int) string { return strconv.FormatFloat(v, 'f', decimals, 64) }

func twoDigits(n int64) string {
	if n < 10 {
		return "0" + strconv.FormatInt(n, 10)
	}
	return strconv.FormatInt(n, 10)
}
