package load

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Proportion is a number of successes among a number of trials.
type Proportion struct{ Successes, Trials uint64 }

// Value is the share of successes; NaN without trials.
func (p Proportion) Value() float64 { return float64(p.Successes) / float64(p.Trials) }

// Interval is the Clopper-Pearson interval of the share at a confidence such as 0.95: it covers the truth at least so
// often, whatever the truth is, as long as trials are independent. Without trials it is all of [0, 1].
func (p Proportion) Interval(confidence float64) (low, high float64) {
	tail := (1 - confidence) / 2
	successes, failures := float64(p.Successes), float64(p.Trials-p.Successes)
	low, high = 0, 1
	if p.Successes > 0 {
		low = betaQuantile(successes, failures+1, tail)
	}
	if p.Successes < p.Trials {
		high = 1 - betaQuantile(failures, successes+1, tail)
	}
	return low, high
}

// Finest is the largest share that so many trials can support at a confidence when all of them succeed: about 1 - 3/n at
// 0.95. A claim beyond it can be neither upheld nor refuted by a run without a failure; 0 without trials.
func (p Proportion) Finest(confidence float64) float64 {
	if p.Trials == 0 {
		return 0
	}
	return math.Pow(1-confidence, 1/float64(p.Trials))
}

// betaQuantile solves I_x(a, b) = q for x by bisection, to the last bit that matters. The direct inverse of the library
// is quicker and less sure of itself for large a and b.
func betaQuantile(a, b, q float64) float64 {
	low, high := 0.0, 1.0
	for range 200 {
		middle := low + (high-low)/2
		if middle <= low || middle >= high {
			break
		}
		if mathext.RegIncBeta(a, b, middle) < q {
			low = middle
		} else {
			high = middle
		}
	}
	return low + (high-low)/2
}
