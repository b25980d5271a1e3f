package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/chaosctl/chaosctl/pkg/load"
)

// Repeats is what several runs of one experiment come to together. The zero value has seen none.
type Repeats struct {
	// Experiment is its name.
	Experiment string
	// Required is how many of Wanted runs must pass.
	Wanted, Required int
	// Passed of Runs did, among which are those that did not begin.
	Passed, Runs int
	// recoveries are the slowest of each run, in seconds; open counts the runs of which one was not seen to end.
	recoveries []float64
	open       int
}

// Add takes the result of a run; nil for one that did not begin.
func (r *Repeats) Add(result *Result) {
	r.Runs++
	if result == nil {
		return
	}
	if result.Verdict == Pass {
		r.Passed++
	}
	slowest, open := 0.0, false
	for _, v := range result.Recoveries {
		if v.Total == nil || v.Censored {
			open = true
			continue
		}
		slowest = max(slowest, *v.Total)
	}
	switch {
	case open:
		r.open++
	case len(result.Recoveries) > 0:
		r.recoveries = append(r.recoveries, slowest)
	}
}

// Met says that as many runs have passed as must.
func (r *Repeats) Met() bool { return r.Passed >= r.Required }

// Words are what the runs come to, one thing a line: how many have passed, with the interval in which the rate of success lies
// (Clopper and Pearson 1934, at 95 %), and how long recoveries took.
func (r *Repeats) Words() []string {
	low, high := load.Proportion{Successes: uint64(r.Passed), Trials: uint64(r.Runs)}.Interval(0.95)
	passed := fmt.Sprintf("%d of %s passed (%s with 95 %% confidence)", r.Passed, plural(r.Runs, "run"), interval([2]float64{low, high}))
	if r.Runs < r.Wanted {
		passed += fmt.Sprintf("; %d were wanted", r.Wanted)
	}
	if r.Required < r.Wanted {
		passed += fmt.Sprintf("; %d must", r.Required)
	}
	lines := []string{passed}
	if n := len(r.recoveries); n > 0 {
		sorted := slices.Sorted(slices.Values(r.recoveries))
		text := fmt.Sprintf("%s in the median", seconds(median(sorted)))
		if n > 1 {
			// That all of n independent values lie on one side of the true median happens with a probability of 2 to the power of 1-n.
			text += fmt.Sprintf(", %s to %s: the true median lies there with %s confidence", seconds(sorted[0]), seconds(sorted[n-1]), percent(1-math.Pow(2, 1-float64(n))))
		}
		if r.open > 0 {
			text += fmt.Sprintf("; without %s, of which a recovery was not seen to end", plural(r.open, "run"))
		}
		lines = append(lines, "recovery "+text)
	}
	return lines
}

func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
