package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRepeats(t *testing.T) {
	run := func(v Verdict, recoveries ...*float64) *Result {
		r := &Result{Verdict: v}
		for _, total := range recoveries {
			r.Recoveries = append(r.Recoveries, RecoveryResult{Total: total})
		}
		return r
	}
	for name, c := range map[string]struct {
		repeats Repeats
		results []*Result
		met     bool
		words   []string
	}{
		"all":             {Repeats{Wanted: 2, Required: 2}, []*Result{run(Pass, new(4.0)), run(Pass, new(2.0), new(6.0))}, true, []string{"2 of 2 runs passed (15.81–100 % with 95 % confidence)", "recovery 5.00 s in the median, 4.00 s to 6.00 s: the true median lies there with 50 % confidence"}},
		"enough":          {Repeats{Wanted: 3, Required: 2}, []*Result{run(Pass), run(Fail), run(Pass)}, true, []string{"2 of 3 runs passed (9.43–99.16 % with 95 % confidence); 2 must"}},
		"too few":         {Repeats{Wanted: 3, Required: 3}, []*Result{run(Pass), run(Unknown), run(Pass)}, false, []string{"2 of 3 runs passed (9.43–99.16 % with 95 % confidence)"}},
		"aborted":         {Repeats{Wanted: 1, Required: 1}, []*Result{run(Aborted)}, false, []string{"0 of 1 run passed (0–97.5 % with 95 % confidence)"}},
		"not begun":       {Repeats{Wanted: 2, Required: 2}, []*Result{run(Pass), nil}, false, []string{"1 of 2 runs passed (1.26–98.74 % with 95 % confidence)"}},
		"ended early":     {Repeats{Wanted: 5, Required: 5}, []*Result{run(Pass)}, false, []string{"1 of 1 run passed (2.5–100 % with 95 % confidence); 5 were wanted"}},
		"one not the end": {Repeats{Wanted: 2, Required: 2}, []*Result{run(Pass, new(4.0)), run(Pass, new(4.0), nil)}, true, []string{"2 of 2 runs passed (15.81–100 % with 95 % confidence)", "recovery 4.00 s in the median; without 1 run, of which a recovery was not seen to end"}},
	} {
		for _, r := range c.results {
			c.repeats.Add(r)
		}
		assert.Equal(t, c.met, c.repeats.Met(), name)
		words := strings.ReplaceAll(strings.Join(c.repeats.Words(), "\n"), "\u00a0", " ")
		assert.Equal(t, strings.Join(c.words, "\n"), words, name)
	}
}
