package trend

import (
	"math"
	"math/rand/v2"
	"slices"
)

// level is the probability of finding any change in the figures of runs that do not change.
const level = 0.05

// permutations is how many orders of the runs a test draws.
const permutations = 9999

// leastSegment is the least number of runs between two changes: fewer are outliers.
const leastSegment = 3

// value is one of a series.
type value struct {
	of float64
	// atLeast says that the truth may be greater.
	atLeast bool
}

// split is a place at which a series changes.
type split struct {
	// at is the index of the first value after it.
	at int
	// p is the probability of a change as clear as this, or clearer, if the order of the values within its segment meant nothing.
	p float64
}

// changes finds the places at which a series changes, in order. Alpha bounds the probability of finding any where there is none,
// and, where there are some, of finding one too many once those are found.
//
// It is binary segmentation with a permutation test, as in E-divisive (D. S. Matteson and N. A. James, Journal of the American
// Statistical Association 109, 2014, pages 334-345): the best place over all segments is tested by permuting the values within
// each, with the maximum over all places taken anew each time, so that the test is corrected for the number of places; the first
// one that is not significant ends it. In place of the energy statistic, which finds changes of any kind in many dimensions, it
// maximises the standardised sum of ranks (A. N. Pettitt, Applied Statistics 28, 1979, pages 126-135), which finds a change of
// level in one, whatever the distribution, and which one run, however odd, cannot carry. The ranks are the scores of E. A.
// Gehan (Biometrika 52, 1965, pages 203-223), in which a value that is only a lower bound counts as greater than all below it,
// and as not to be told from those above. Without such values they are the usual mid-ranks.
//
// The test supposes that the runs would be exchangeable if nothing changed. The orders are drawn with a fixed seed: the same
// series gives the same answer.
func changes(series []value, alpha float64, permutations int) []split {
	random := rand.New(rand.NewPCG(0x6368616f, uint64(len(series)))) // nothing hangs on the seed but that it is always the same
	ends := []int{0, len(series)}
	p := map[int]float64{}
	for {
		segments := segmentsOf(series, ends)
		best, at := 0.0, -1
		for _, s := range segments {
			if t, place := s.best(); t > best {
				best, at = t, s.from+place
			}
		}
		if at < 0 {
			break
		}
		chance, significant := probability(segments, best, alpha, permutations, random)
		if !significant {
			break
		}
		p[at] = chance
		ends = append(ends, at)
		slices.Sort(ends)
	}
	return refined(series, ends, p)
}

// probability is that of a place as good as the best if the order within the segments meant nothing, and whether it is at most
// alpha. It counts the order that was seen among those that were drawn (B. Phipson and G. K. Smyth, Statistical Applications in
// Genetics and Molecular Biology 9, 2010, article 39), and ends early where alpha cannot be kept any more.
func probability(segments []*segment, best, alpha float64, permutations int, random *rand.Rand) (p float64, significant bool) {
	const rounding = 1e-9 // sums of the same scores in another order
	as, all := 1.0, float64(permutations+1)
	for range permutations {
		for _, s := range segments {
			random.Shuffle(len(s.scores), func(i, j int) { s.scores[i], s.scores[j] = s.scores[j], s.scores[i] })
			if t, _ := s.best(); t >= best-rounding {
				as++
				break
			}
		}
		if as > alpha*all {
			return as / all, false
		}
	}
	return as / all, true
}

// refined moves each change to the best place between its neighbours, which were not all known when it was found.
func refined(series []value, ends []int, p map[int]float64) []split {
	all := []split{}
	for i := 1; i < len(ends)-1; i++ {
		found := split{at: ends[i], p: p[ends[i]]}
		if _, at := newSegment(series, ends[i-1], ends[i+1]).best(); at > 0 {
			found.at = ends[i-1] + at
			ends[i] = found.at
		}
		all = append(all, found)
	}
	return all
}

// segment is a part of a series that may hold a change.
type segment struct {
	from   int
	scores []float64
	// scale is the standard deviation of a score.
	scale float64
}

// segmentsOf are those between the ends in which there is room for a change.
func segmentsOf(series []value, ends []int) []*segment {
	var all []*segment
	for i := range len(ends) - 1 {
		if ends[i+1]-ends[i] >= 2*leastSegment {
			all = append(all, newSegment(series, ends[i], ends[i+1]))
		}
	}
	return all
}

func newSegment(series []value, from, to int) *segment {
	s := &segment{from: from, scores: scores(series[from:to])}
	sum := 0.0
	for _, a := range s.scores {
		sum += a * a
	}
	s.scale = math.Sqrt(sum / float64(len(s.scores)-1))
	return s
}

// best is the greatest standardised sum of scores before a place, and that place; 0 and -1 where all values are alike.
func (s *segment) best() (t float64, at int) {
	at = -1
	if s.scale == 0 {
		return 0, at
	}
	n, sum := float64(len(s.scores)), 0.0
	for i := range len(s.scores) - leastSegment {
		sum += s.scores[i]
		before := float64(i + 1)
		if i+1 < leastSegment {
			continue
		}
		if now := math.Abs(sum) / (s.scale * math.Sqrt(before*(n-before)/n)); now > t {
			t, at = now, i+1
		}
	}
	return t, at
}

// scores counts, for each value, how many others are surely below it, less how many are surely above. They sum to 0.
func scores(values []value) []float64 {
	all := make([]float64, len(values))
	for i, a := range values {
		for j, b := range values[:i] {
			switch {
			case below(a, b):
				all[i]--
				all[j]++
			case below(b, a):
				all[i]++
				all[j]--
			}
		}
	}
	return all
}

func below(a, b value) bool {
	return !a.atLeast && (a.of < b.of || a.of == b.of && b.atLeast)
}

// leastRuns is the least number of runs with which a change can be significant: all before it below all after it, in the middle.
// Of n runs in that order, 2 of (n choose n/2) orders are as good, and more where the values are not all alike on either side.
func leastRuns(alpha float64) int {
	n, ways := 2*leastSegment, 20.0 // 6 choose 3
	for ; 2/ways > alpha; n++ {
		ways *= float64(n+1) / float64(n+1-(n+1)/2)
	}
	return n
}

// constant says that all values of a series are alike, so that there is nothing to test.
func constant(series []value) bool {
	return newSegment(series, 0, len(series)).scale == 0
}
