package compare

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

func TestRanksAgainstKnownExamples(t *testing.T) {
	// The example in the documentation of scipy.stats.mannwhitneyu: two-sided p is 1/9, without ties.
	men, women := []float64{19, 22, 16, 29, 24}, []float64{20, 11, 17, 12}
	assert.InDelta(t, 1.0/18, greater(women, men), 1e-12)
	assert.InDelta(t, 1.0/20, greater([]float64{1, 2, 3}, []float64{4, 5, 6}), 1e-12)
	assert.InDelta(t, 1, greater([]float64{4, 5, 6}, []float64{1, 2, 3}), 1e-12)
	// All alike: every choice of ranks has the same sum.
	assert.InDelta(t, 1, greater([]float64{2, 2, 2}, []float64{2, 2, 2}), 1e-12)
	// With ties, counted by hand: of the 6 choices of two out of mid-ranks 1, 2.5, 2.5, 4, those of 6.5 or more are two.
	assert.InDelta(t, 2.0/6, greater([]float64{1, 2}, []float64{2, 3}), 1e-12)
	assert.InDelta(t, 1, greater(nil, []float64{1}), 0)
	assert.InDelta(t, 0.5, greater([]float64{1}, []float64{math.Inf(1)}), 1e-12)
}

// TestRanksBothWaysCoverAll holds what must be whatever the data: the two tails share only the sums that are equal.
func TestRanksBothWaysCoverAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 5).AsAny(), 1, 12)
		draw := func(name string) (out []float64) {
			for _, v := range values.Draw(t, name) {
				out = append(out, math.Round(v.(float64)))
			}
			return out
		}
		a, b := draw("a"), draw("b")
		up, down := greater(a, b), greater(b, a)
		if up+down < 1-1e-9 || up > 1+1e-9 || up < finest(len(a), len(b))-1e-12 {
			t.Fatalf("%v and %v: %g and %g", a, b, up, down)
		}
	})
}

// TestManyRunsAgreeWithFew: the approximation for many runs goes on where the exact test ends.
func TestManyRunsAgreeWithFew(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, shift := range []float64{0, 0.3, 0.6} {
		var base, head []float64
		for range 31 {
			base, head = append(base, random.NormFloat64()), append(head, random.NormFloat64()+shift)
		}
		ranks, _ := doubledRanks(append(append([]float64{}, base...), head...))
		sum := 0
		for _, r := range ranks[31:] {
			sum += r
		}
		assert.InDelta(t, upperTail(ranks, 31, sum), greater(base, head), 0.003)
	}
}

func TestRepeats(t *testing.T) {
	assert.Equal(t, 3, repeats())
	assert.InDelta(t, 1.0/70, finest(4, 4), 1e-12)
	assert.InDelta(t, 1.0/6, finest(1, 5), 1e-12)
}

// TestDifferenceAgainstThePaper has the examples of Newcombe 1998, table II, method 10.
func TestDifferenceAgainstThePaper(t *testing.T) {
	for _, c := range []struct{ head, base, want [2]float64 }{
		{[2]float64{56, 70}, [2]float64{48, 80}, [2]float64{0.0524, 0.3339}},
		{[2]float64{9, 10}, [2]float64{3, 10}, [2]float64{0.1705, 0.8090}},
		{[2]float64{5, 56}, [2]float64{0, 29}, [2]float64{-0.0381, 0.1926}},
		{[2]float64{0, 10}, [2]float64{0, 10}, [2]float64{-0.2775, 0.2775}},
	} {
		got := difference(count{c.base[0], c.base[1]}, count{c.head[0], c.head[1]})
		assert.InDelta(t, c.want[0], got[0], 0.00006)
		assert.InDelta(t, c.want[1], got[1], 0.00006)
	}
}

func TestDesignEffect(t *testing.T) {
	assert.InDelta(t, 1, designEffect([]count{{99, 100}}, []count{{90, 100}}), 0, "one run each tells nothing")
	assert.InDelta(t, 1, designEffect([]count{{100, 100}, {100, 100}}), 0, "nor do runs without a failure")
	// p = 0.9, d = 10 in both: 2 * 100 / (0.09 * 100) over one degree of freedom.
	assert.InDelta(t, 200.0/9, designEffect([]count{{100, 100}, {80, 100}}), 1e-9)
	random := rand.New(rand.NewPCG(3, 4))
	mean := 0.0
	for range 300 {
		var all []count
		for range 12 {
			all = append(all, count{1000 - distuv.Binomial{N: 1000, P: 0.05, Src: random}.Rand(), 1000})
		}
		mean += designEffect(all) / 300
	}
	assert.InDelta(t, 1.17, mean, 0.1, "independent requests: about 1, and a little more, for it is never below 1")
}

func TestMedian(t *testing.T) {
	assert.InDelta(t, 2.5, median([]float64{4, 1, 2, 3}), 0)
	assert.InDelta(t, 2, median([]float64{9, 1, 2}), 0)
	assert.True(t, math.IsInf(median([]float64{1, math.Inf(1)}), 1))
	assert.True(t, math.IsInf(median([]float64{math.Inf(1), math.Inf(1)}), 1))
	assert.True(t, math.IsNaN(median(nil)))
}
