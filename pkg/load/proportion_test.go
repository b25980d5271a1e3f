package load_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/pkg/load"
)

func TestIntervalAgainstKnownValues(t *testing.T) {
	// From R: binom.test(k, n)$conf.int.
	for _, known := range []struct {
		k, n      uint64
		low, high float64
	}{
		{5, 10, 0.1870860, 0.8129140},
		{9, 10, 0.5549839, 0.9974714},
		{10, 10, 0.6915029, 1},
		{0, 10, 0, 0.3084971},
		{95, 100, 0.8871651, 0.9835681},
	} {
		low, high := load.Proportion{Successes: known.k, Trials: known.n}.Interval(0.95)
		assert.InDelta(t, known.low, low, 1e-6, "%d of %d", known.k, known.n)
		assert.InDelta(t, known.high, high, 1e-6, "%d of %d", known.k, known.n)
	}
}

func TestIntervalInClosedForm(t *testing.T) {
	// Without a failure the lower bound is the n-th root of half of alpha; with one, the tail has two terms.
	for _, n := range []uint64{1, 2, 100, 12_345, 1_000_000, 100_000_000} {
		low, high := load.Proportion{Successes: n, Trials: n}.Interval(0.95)
		assert.InEpsilon(t, -math.Log(0.025)/float64(n), -math.Log(low), 1e-6, n)
		assert.Equal(t, 1.0, high)
		if n > 2 {
			low, _ = load.Proportion{Successes: n - 1, Trials: n}.Interval(0.95)
			f, p := float64(n), low
			// P(at least n-1 successes) = n p^(n-1) (1-p) + p^n is half of alpha at the lower bound.
			assert.InEpsilon(t, 0.025, f*math.Exp((f-1)*math.Log(p))*(1-p)+math.Exp(f*math.Log(p)), 1e-5, n)
		}
	}
}

func TestIntervalAtTheEdges(t *testing.T) {
	low, high := load.Proportion{}.Interval(0.95)
	assert.Equal(t, [2]float64{0, 1}, [2]float64{low, high})
	assert.True(t, math.IsNaN(load.Proportion{}.Value()))
	assert.Zero(t, load.Proportion{}.Finest(0.95))
	assert.InDelta(t, 1-3.0/3000, load.Proportion{Successes: 3000, Trials: 3000}.Finest(0.95), 1e-5)
	low, high = load.Proportion{Trials: 4}.Interval(0.95)
	assert.Zero(t, low)
	assert.InDelta(t, 1-math.Pow(0.025, 0.25), high, 1e-9)
}
