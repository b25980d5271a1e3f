package compare

import (
	"math"
	"slices"
)

// level is the probability below which a difference is not put down to chance.
const level = 0.05

// mostExact is up to how many runs of both sides together the test of ranks is exact.
const mostExact = 60

// greater tests whether head tends to be greater than base: the probability, if all runs came from one distribution, of ranks
// of head as high as these or higher. It is the Mann-Whitney U test (H. B. Mann and D. R. Whitney, Annals of Mathematical
// Statistics 18, 1947), exact and conditional on ties: a permutation test on mid-ranks. Beyond 60 runs it is the normal
// approximation, with corrections for ties and continuity (E. L. Lehmann, Nonparametrics, 1975, section 1.4). 1 without data.
func greater(base, head []float64) float64 {
	n, m := len(base), len(head)
	if n == 0 || m == 0 {
		return 1
	}
	ranks, ties := doubledRanks(slices.Concat(base, head))
	observed := 0
	for _, r := range ranks[n:] {
		observed += r
	}
	if n+m <= mostExact {
		return upperTail(ranks, m, observed)
	}
	total := float64(n + m)
	mean := float64(m) * (total + 1) / 2
	variance := float64(n) * float64(m) / 12 * (total + 1 - ties/(total*(total-1)))
	if variance <= 0 {
		return 1
	}
	return math.Erfc((float64(observed)/2-mean-0.5)/math.Sqrt(2*variance)) / 2
}

// doubledRanks gives twice the mid-rank of each value, which is whole, and the sum of t^3 - t over groups of t equal values.
func doubledRanks(values []float64) (ranks []int, ties float64) {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case values[a] < values[b]:
			return -1
		case values[a] > values[b]:
			return 1
		}
		return 0
	})
	ranks = make([]int, len(values))
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && values[order[to]] == values[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = from + 1 + to
		}
		t := float64(to - from)
		ties += t*t*t - t
		from = to
	}
	return ranks, ties
}

// upperTail is the share of all choices of m ranks whose sum is at least observed.
func upperTail(ranks []int, m, observed int) float64 {
	most := 0
	for _, r := range ranks {
		most += r
	}
	// ways[k][s] counts the choices of k ranks that sum to s.
	ways := make([][]float64, m+1)
	for k := range ways {
		ways[k] = make([]float64, most+1)
	}
	ways[0][0] = 1
	for _, r := range ranks {
		for k := m; k > 0; k-- {
			for s := most; s >= r; s-- {
				ways[k][s] += ways[k-1][s-r]
			}
		}
	}
	all, tail := 0.0, 0.0
	for s, n := range ways[m] {
		all += n
		if s >= observed {
			tail += n
		}
	}
	return tail / all
}

// finest is the smallest probability that the test of ranks can give for so many runs.
func finest(n, m int) float64 {
	p := 1.0
	for i := 1; i <= min(n, m); i++ {
		p *= float64(i) / float64(n+m-min(n, m)+i)
	}
	return p
}

// repeats is the least number of runs on each side with which the test of ranks can be significant.
func repeats() int {
	n := 1
	for finest(n, n) > level {
		n++
	}
	return n
}

// count is successes among trials; neither needs to be whole.
type count struct{ successes, trials float64 }

func (c count) share() float64 { return c.successes / c.trials }

// quantile95 is the normal quantile of a 95 % interval.
var quantile95 = math.Sqrt2 * math.Erfinv(0.95)

// wilson is the 95 % score interval of a share (E. B. Wilson, Journal of the American Statistical Association 22, 1927).
func (c count) wilson() (low, high float64) {
	z2 := quantile95 * quantile95
	p := c.share()
	middle := (p + z2/(2*c.trials)) / (1 + z2/c.trials)
	half := quantile95 / (1 + z2/c.trials) * math.Sqrt(p*(1-p)/c.trials+z2/(4*c.trials*c.trials))
	return max(0, middle-half), min(1, middle+half)
}

// difference is the 95 % interval of the difference head - base of two shares: Newcombe's hybrid of score intervals (R. G.
// Newcombe, Statistics in Medicine 17, 1998, pages 873-890, method 10).
func difference(base, head count) [2]float64 {
	baseLow, baseHigh := base.wilson()
	headLow, headHigh := head.wilson()
	b, h := base.share(), head.share()
	return [2]float64{
		h - b - math.Hypot(h-headLow, baseHigh-b),
		h - b + math.Hypot(headHigh-h, b-baseLow),
	}
}

// designEffect is how many times more the shares of runs vary than those of independent requests would; never below 1. Requests
// fail together, so as many of them say less than they seem to. Counts divided by it can be treated as independent (J. N. K. Rao
// and A. J. Scott, Biometrics 48, 1992, pages 577-585, with the runs as clusters). It needs two runs of a side; else it is 1.
func designEffect(sides ...[]count) float64 {
	sum, freedom := 0.0, 0.0
	for _, runs := range sides {
		if len(runs) < 2 {
			continue
		}
		whole := pooled(runs)
		p := whole.share()
		if p <= 0 || p >= 1 {
			continue
		}
		n := float64(len(runs))
		for _, r := range runs {
			d := r.successes - p*r.trials
			sum += d * d / (p * (1 - p) * whole.trials) * n
		}
		freedom += n - 1
	}
	if freedom == 0 {
		return 1
	}
	return max(1, sum/freedom)
}

func pooled(runs []count) count {
	var all count
	for _, r := range runs {
		all.successes += r.successes
		all.trials += r.trials
	}
	return all
}

// less is the count of as many independent requests as these are worth.
func (c count) less(effect float64) count { return count{c.successes / effect, c.trials / effect} }

// median is the middle of values; NaN without any. It may be infinite.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	switch {
	case n == 0:
		return math.NaN()
	case n%2 == 1 || sorted[n/2-1] == sorted[n/2]:
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}
