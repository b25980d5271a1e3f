package compare

import (
	"fmt"
	"math"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// The tests, as they are named in results.
const (
	ranksTest = "Mann-Whitney U over runs, one-sided, exact up to 60 runs, p ≤ 0.05"
	shareTest = "Newcombe's 95 % interval of a difference of shares, less the design effect of runs"
)

// within is how far beyond a limit rounding may carry a figure that is at it.
const within = 1e-12

// judge describes both samples, tests them, and judges the gate, if there is one.
func (f *Figure) judge(gate *Gate, required bool) {
	f.Test = ranksTest
	if f.Metric == Availability {
		f.Test = shareTest
	}
	if gate != nil {
		f.Gate = gate.Text
	}
	f.Base.describe()
	f.Head.describe()
	if len(f.Base.Values) == 0 || len(f.Head.Values) == 0 {
		f.missing(gate)
		return
	}
	if f.Metric == Availability {
		f.judgeShare(gate, required)
		return
	}
	f.judgeTimes(gate)
}

func (f *Figure) missing(gate *Gate) {
	switch {
	case len(f.Base.Values)+len(f.Head.Values) == 0:
		f.Why = "no run of either side that can be compared measured it"
	case len(f.Base.Values) == 0:
		f.Why = "no run of base that can be compared measured it"
	default:
		f.Why = "no run of head that can be compared measured it"
	}
	if gate != nil {
		f.Verdict = report.Unknown
	}
}

// judgeTimes compares what gets worse by growing. What is only known to be at least so much counts for neither outcome more
// than it must.
func (f *Figure) judgeTimes(gate *Gate) {
	baseLeast, baseMost := f.Base.bounds()
	headLeast, headMost := f.Head.bounds()
	if !f.Base.AtLeast && !f.Head.AtLeast {
		f.change(*f.Base.Typical, *f.Head.Typical)
	}
	p := greater(baseMost, headLeast)
	switch {
	case p <= level && median(headLeast) > median(baseMost):
		f.Trend = worse
	case greater(headMost, baseLeast) <= level && median(headMost) < median(baseLeast):
		f.Trend = better
	}
	if gate == nil {
		f.P = &p
		f.Why = trendWords(f.Trend)
		return
	}
	var allowed []float64
	for _, v := range baseMost {
		allowed = append(allowed, gate.allowed(v))
	}
	p = greater(allowed, headLeast)
	f.P = &p
	n, m := len(baseMost), len(headMost)
	switch {
	case median(headMost) <= gate.allowed(median(baseLeast))*(1+within):
		f.Verdict, f.Why = report.Pass, "the median of head is within the gate"
	case median(headLeast) <= gate.allowed(median(baseMost))*(1+within):
		f.Verdict, f.Why = report.Unknown, "some were not seen to end, and whether the median is within the gate depends on them"
	case p <= level:
		f.Verdict, f.Why = report.Fail, fmt.Sprintf("beyond the gate, and more than chance: p = %s over %d and %d runs", probability(p), n, m)
	case finest(n, m) > level:
		f.Verdict, f.Why = report.Unknown, fmt.Sprintf("beyond the gate, but %s cannot tell that from chance: repeat the experiment, at least %d times on each side", few(n, m), repeats())
	default:
		f.Verdict, f.Why = report.Unknown, fmt.Sprintf("beyond the gate, but that may be chance: p = %s over %d and %d runs; more repeats can tell", probability(p), n, m)
	}
}

func few(n, m int) string {
	if n == 1 && m == 1 {
		return "one run of each side"
	}
	return fmt.Sprintf("%d and %d runs", n, m)
}

// judgeShare compares availabilities: the shares of all requests of each side.
func (f *Figure) judgeShare(gate *Gate, required bool) {
	base, head := f.Base.counts(), f.Head.counts()
	effect := designEffect(base, head)
	before, after := pooled(base), pooled(head)
	b, h := before.share(), after.share()
	f.Base.Typical, f.Head.Typical = &b, &h
	f.change(b, h)
	interval := difference(before.less(effect), after.less(effect))
	f.Interval95 = &interval
	switch {
	case interval[1] < 0:
		f.Trend = worse
	case interval[0] > 0:
		f.Trend = better
	}
	if gate == nil {
		f.Why = trendWords(f.Trend)
		return
	}
	fewest := min(before.trials, after.trials)
	switch {
	case interval[1] < -gate.Limit-within:
		f.Verdict, f.Why = report.Fail, "beyond the gate, and more than chance: the change is "+points(interval[0])+" to "+points(interval[1])
	case h-b < -gate.Limit-within:
		f.Verdict, f.Why = report.Unknown, "beyond the gate, but that may be chance: the change is "+points(interval[0])+" to "+points(interval[1])+"; more repeats, or a higher rate, can tell"
	case gate.Limit > 0 && 3/fewest > gate.Limit && !required:
		f.Gate, f.Why = "", fmt.Sprintf("%.0f requests cannot show a change as small as the usual gate, which is left out; the change is %s to %s", fewest, points(interval[0]), points(interval[1]))
	case gate.Limit > 0 && 3/fewest > gate.Limit:
		f.Verdict, f.Why = report.Unknown, fmt.Sprintf("%.0f requests cannot show a change as small as the gate: make the run longer or its rate higher", fewest)
	default:
		f.Verdict, f.Why = report.Pass, "within the gate: the change is "+points(interval[0])+" to "+points(interval[1])
	}
	if effect > 1 {
		f.Why += fmt.Sprintf(" (runs vary %s times as much as independent requests would)", significant(effect))
	}
}

// counts are the successes of each run.
func (s Sample) counts() []count {
	var all []count
	for _, v := range s.Values {
		all = append(all, count{float64(v.Requests - v.Failures), float64(v.Requests)})
	}
	return all
}

func (f *Figure) change(base, head float64) {
	change := head - base
	f.Change = &change
	if base != 0 {
		relative := change / base
		f.Relative = &relative
	}
}

func trendWords(trend string) string {
	if trend == "" {
		return "no difference that the data tell from chance"
	}
	return trend + ", and more than chance"
}

func probability(p float64) string {
	if p < 0.001 {
		return "under 0.001"
	}
	return significant(p)
}

func significant(v float64) string {
	if v >= 10 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2g", v)
}

// points writes a difference of shares in percentage points.
func points(d float64) string {
	p := 100 * d
	if p == 0 || math.Abs(p) < 0.00005 {
		return "0 pp"
	}
	sign := "+"
	if p < 0 {
		sign = "−"
	}
	digits := 2
	for v := math.Abs(p); v < 0.1 && digits < 4; v *= 10 {
		digits++
	}
	return sign + fmt.Sprintf("%.*f", digits, math.Abs(p)) + " pp"
}
