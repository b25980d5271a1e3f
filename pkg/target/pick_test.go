package target_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

func itself(s string) string { return s }

func TestPickIgnoresOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		candidates := rapid.SliceOfDistinct(rapid.String(), itself).Draw(t, "candidates")
		draw := target.Draw{Seed: rapid.Int64().Draw(t, "seed"), Label: rapid.String().Draw(t, "label")}
		n := rapid.IntRange(0, len(candidates)+2).Draw(t, "n")
		before := slices.Clone(candidates)
		picked := target.Pick(draw, candidates, n, itself)
		require.Equal(t, before, candidates, "the list is left alone")
		require.Len(t, picked, min(n, len(candidates)))
		for _, p := range picked {
			require.Contains(t, candidates, p)
		}
		shuffled := rapid.Permutation(candidates).Draw(t, "shuffled")
		require.Equal(t, picked, target.Pick(draw, shuffled, n, itself))
	})
}

// TestPickSurvivesOthers: who else is there does not matter, so that a pod that comes or goes does not change the rest.
func TestPickSurvivesOthers(t *testing.T) {
	draw := target.Draw{Seed: 42, Label: "kill/1"}
	all := names(20)
	picked := target.Pick(draw, all, 5, itself)
	without := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == picked[2] })
	again := target.Pick(draw, without, 5, itself)
	assert.Equal(t, []string{picked[0], picked[1], picked[3], picked[4]}, again[:4])
}

func TestPickIsFair(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	counts := map[string]int{}
	for range 4000 {
		for _, p := range target.Pick(target.Draw{Seed: random.Int64(), Label: "kill/1"}, names(4), 1, itself) {
			counts[p]++
		}
	}
	for name, n := range counts {
		assert.InDelta(t, 1000, n, 150, name)
	}
}

func TestPickDiffersBySeedAndLabel(t *testing.T) {
	choices := map[string]bool{}
	for seed := range int64(20) {
		for _, label := range []string{"kill/1", "kill/2"} {
			choices[target.Pick(target.Draw{Seed: seed, Label: label}, names(10), 1, itself)[0]] = true
		}
	}
	assert.Greater(t, len(choices), 5)
	// The parts of a draw do not run into each other.
	assert.NotEqual(t,
		target.Pick(target.Draw{Seed: 1, Label: "2"}, names(100), 100, itself),
		target.Pick(target.Draw{Seed: 12, Label: ""}, names(100), 100, itself))
}

func TestPickByCount(t *testing.T) {
	half, tiny := experiment.Percent(0.5), experiment.Percent(0.001)
	for name, c := range map[string]struct {
		count experiment.Count
		of    int
		want  int
	}{
		"one":                      {experiment.CountOf(1), 3, 1},
		"more than there are":      {experiment.CountOf(9), 3, 3},
		"half, rounded down":       {experiment.Count{Percent: &half}, 5, 2},
		"a little: one at least":   {experiment.Count{Percent: &tiny}, 5, 1},
		"all":                      {experiment.Count{All: true}, 5, 5},
		"half of nothing":          {experiment.Count{Percent: &half}, 0, 0},
		"one of nothing: no panic": {experiment.CountOf(1), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Len(t, target.Pick(target.Draw{}, names(c.of), c.count.Of(c.of), itself), c.want)
		})
	}
}

func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = "uid-" + strconv.Itoa(i)
	}
	return all
}
