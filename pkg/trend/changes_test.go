package trend

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/combin"
	"pgregory.net/rapid"
)

// few is how many permutations simulations draw, to be quick: enough for alpha to be met exactly.
const few = 199

// simulated draws a series of n values, each by its index.
func simulated(random *rand.Rand, n int, draw func(r *rand.Rand, i int) value) []value {
	series := make([]value, n)
	for i := range series {
		series[i] = draw(random, i)
	}
	return series
}

// atMost is the count of so many trials that is exceeded by chance once in about 1,000 times if each has probability p.
func atMost(p float64, trials int) int {
	n := float64(trials)
	return int(math.Ceil(n*p + 3.1*math.Sqrt(n*p*(1-p))))
}

// noChange are distributions of series that do not change: skewed, with ties, with heavy tails, with lower bounds.
func noChange() map[string]func(r *rand.Rand, i int) value {
	return map[string]func(r *rand.Rand, i int) value{
		"times":        func(r *rand.Rand, _ int) value { return value{of: math.Exp(r.NormFloat64())} },
		"mostly 100 %": func(r *rand.Rand, _ int) value { return value{of: 1 - float64(max(0, r.IntN(6)-4))/1000} },
		"a rare loss": func(r *rand.Rand, _ int) value {
			return value{of: map[bool]float64{true: 0.5, false: 1}[r.IntN(20) == 0]}
		},
		"heavy tails":   func(r *rand.Rand, _ int) value { return value{of: r.NormFloat64() / r.NormFloat64()} },
		"never the end": func(r *rand.Rand, _ int) value { return value{of: math.Exp(r.NormFloat64()), atLeast: r.IntN(4) == 0} },
		"cut off at 2":  func(r *rand.Rand, _ int) value { v := math.Exp(r.NormFloat64()); return value{min(v, 2), v > 2} },
	}
}

// TestFalseAlarms simulates series that do not change. Alpha bounds how many are said to.
func TestFalseAlarms(t *testing.T) {
	t.Parallel()
	const trials = 600
	for name, draw := range noChange() {
		for _, n := range []int{12, 40} {
			for _, alpha := range []float64{0.05, 0.01} {
				random := rand.New(rand.NewPCG(1, uint64(n)))
				alarms := 0
				for range trials {
					if len(changes(simulated(random, n, draw), alpha, few)) > 0 {
						alarms++
					}
				}
				assert.LessOrEqual(t, alarms, atMost(alpha, trials), "%s, %d runs, alpha %v", name, n, alpha)
				t.Logf("%s, %d runs, alpha %v: %d of %d", name, n, alpha, alarms, trials)
			}
		}
	}
}

// TestOneTooMany simulates series that change once, and clearly. Alpha bounds how many are said to change again.
func TestOneTooMany(t *testing.T) {
	t.Parallel()
	const trials, n, alpha = 400, 40, 0.05
	random := rand.New(rand.NewPCG(2, 2))
	more := 0
	for range trials {
		found := changes(simulated(random, n, func(r *rand.Rand, i int) value {
			return value{of: r.NormFloat64() + map[bool]float64{true: 20}[i >= 15]}
		}), alpha, few)
		require.NotEmpty(t, found)
		if len(found) > 1 {
			more++
		}
	}
	assert.LessOrEqual(t, more, atMost(alpha, trials))
	t.Logf("%d of %d", more, trials)
}

// TestPower simulates changes that must be found: in most series, and at the right place within two runs.
func TestPower(t *testing.T) {
	t.Parallel()
	step := func(at int, by float64) func(r *rand.Rand, i int) value {
		return func(r *rand.Rand, i int) value {
			v := r.NormFloat64()
			if i >= at {
				v += by
			}
			return value{of: v}
		}
	}
	for name, c := range map[string]struct {
		n, at int
		alpha float64
		draw  func(r *rand.Rand, i int) value
		// found is the share of series in which the change must be found, and placed in which it must be at its place.
		found, placed float64
	}{
		"2 standard deviations, in the middle of 40": {40, 20, 0.05 / 12, step(20, 2), 0.97, 0.85},
		"2 standard deviations, 8 runs ago of 40":    {40, 32, 0.05 / 12, step(32, 2), 0.80, 0.70},
		"3 standard deviations, in the middle of 20": {20, 10, 0.05 / 12, step(10, 3), 0.97, 0.90},
		"half as long again, of times that vary by a quarter": {40, 25, 0.05 / 12, func(r *rand.Rand, i int) value {
			return value{of: math.Exp(r.NormFloat64()/4 + map[bool]float64{true: math.Log(1.5)}[i >= 25])}
		}, 0.80, 0.70},
		"recoveries end no more, which is all that is known": {40, 20, 0.05 / 12, func(r *rand.Rand, i int) value { return value{10 + r.NormFloat64(), i >= 20} }, 0.60, 0.45},
		"4 standard deviations, among outliers of 100 of them": {40, 20, 0.05 / 12, func(r *rand.Rand, i int) value {
			v := step(20, 4)(r, i)
			v.of += map[bool]float64{true: 100}[r.IntN(10) == 0]
			return v
		}, 0.90, 0.80},
	} {
		const trials = 200
		random := rand.New(rand.NewPCG(3, 5))
		found, placed := 0, 0
		for range trials {
			all := changes(simulated(random, c.n, c.draw), c.alpha, 999)
			if len(all) > 0 {
				found++
			}
			if len(all) == 1 && all[0].at >= c.at-2 && all[0].at <= c.at+2 {
				placed++
			}
		}
		assert.GreaterOrEqual(t, float64(found)/trials, c.found, name)
		assert.GreaterOrEqual(t, float64(placed)/trials, c.placed, name)
		t.Logf("%s: found in %d, in its place in %d of %d", name, found, placed, trials)
	}
}

// TestSeveralChanges finds a rise and a fall, and their places.
func TestSeveralChanges(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 4))
	series := simulated(random, 60, func(r *rand.Rand, i int) value {
		return value{of: r.NormFloat64() + map[bool]float64{true: 8}[i >= 20 && i < 45]}
	})
	found := changes(series, 0.01, permutations)
	require.Len(t, found, 2)
	assert.Equal(t, 20, found[0].at)
	assert.Equal(t, 45, found[1].at)
	for _, f := range found {
		assert.LessOrEqual(t, f.p, 0.01)
	}
}

// TestSameAnswer proves that the same series has the same changes each time.
func TestSameAnswer(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 5))
	series := simulated(random, 50, func(r *rand.Rand, i int) value {
		return value{of: r.NormFloat64() + map[bool]float64{true: 1}[i >= 25]}
	})
	first := changes(series, 0.5, permutations)
	require.NotEmpty(t, first)
	for range 3 {
		assert.Equal(t, first, changes(series, 0.5, permutations))
	}
}

// TestUnitsDoNotMatter proves that only the order of values counts, so that no unit and no curve changes an answer.
func TestUnitsDoNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.IntRange(0, 6), 12, 24).Draw(t, "values")
		var series, bent, fallen []value
		for _, n := range numbers {
			series = append(series, value{of: float64(n)})
			bent = append(bent, value{of: math.Exp(float64(n)) * 1e3})
			fallen = append(fallen, value{of: -float64(n)})
		}
		found := changes(series, 0.3, few)
		assert.Equal(t, found, changes(bent, 0.3, few))
		assert.Equal(t, found, changes(fallen, 0.3, few), "worse and better are found alike")
		for i, f := range found {
			assert.Positive(t, f.p)
			assert.GreaterOrEqual(t, f.at, leastSegment)
			assert.LessOrEqual(t, f.at, len(series)-leastSegment)
			if i > 0 {
				assert.GreaterOrEqual(t, f.at-found[i-1].at, 1)
			}
		}
	})
}

// TestExactProbability compares the test with all orders of few runs.
func TestExactProbability(t *testing.T) {
	t.Parallel()
	series := []value{{of: 1}, {of: 3}, {of: 2}, {of: 5}, {of: 4}, {of: 6}, {of: 8}, {of: 7}}
	seen, _ := newSegment(series, 0, len(series)).best()
	as, all := 0, 0
	for _, order := range combin.Permutations(len(series), len(series)) {
		var other []value
		for _, i := range order {
			other = append(other, series[i])
		}
		if t, _ := newSegment(other, 0, len(other)).best(); t >= seen-1e-9 {
			as++
		}
		all++
	}
	exact := float64(as) / float64(all)
	p, significant := probability([]*segment{newSegment(series, 0, len(series))}, seen, 1, permutations, rand.New(rand.NewPCG(6, 6)))
	assert.True(t, significant)
	assert.InDelta(t, exact, p, 4*math.Sqrt(exact*(1-exact)/permutations))
}

// TestLeastRuns proves by trying that fewer runs can show nothing, and that so many can.
func TestLeastRuns(t *testing.T) {
	t.Parallel()
	for _, alpha := range []float64{0.11, 0.05, 0.01, 0.002} {
		least := leastRuns(alpha)
		for _, n := range []int{least - 1, least, least + 1} {
			clearest := simulated(nil, n, func(_ *rand.Rand, i int) value { return value{of: map[bool]float64{true: 1}[i >= n/2]} })
			p := 2 / float64(combin.Binomial(n, n/2))
			assert.Equal(t, n >= least, p <= alpha, "%d runs, alpha %v", n, alpha)
			assert.Equal(t, n >= least, len(changes(clearest, alpha, permutations)) > 0, "%d runs, alpha %v, p %v", n, alpha, p)
		}
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []float64{-2, 0, 2}, scores([]value{{of: 1}, {of: 2}, {of: 3}}))
	assert.Equal(t, []float64{-1, -1, 2}, scores([]value{{of: 1}, {of: 1}, {of: 3}}), "ties")
	assert.Equal(t, []float64{-2, 1, 1}, scores([]value{{of: 1}, {of: 2, atLeast: true}, {of: 3}}), "a lower bound is above what is below it, and no more is known")
	assert.Equal(t, []float64{-1, 1}, scores([]value{{of: 2}, {of: 2, atLeast: true}}))
	assert.Equal(t, []float64{0, 0}, scores([]value{{of: 2, atLeast: true}, {of: 3, atLeast: true}}))
	assert.True(t, constant([]value{{of: 1}, {of: 1}}))
	assert.False(t, constant([]value{{of: 1}, {of: 2}}))
	assert.Empty(t, changes(make([]value, 30), level, few))
	assert.Empty(t, changes(nil, level, few))
}
