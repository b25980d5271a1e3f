package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

func sample(end time.Duration, ok bool) load.Sample {
	s := load.Sample{End: at(end.Seconds())}
	if !ok {
		s.Cause = load.Refused
	}
	return s
}

func condition(below experiment.Percent, over time.Duration) *verdict.AbortAvailability {
	return &verdict.AbortAvailability{Of: "browse", Below: below, Over: experiment.Duration(over)}
}

func TestAbort(t *testing.T) {
	watch := condition(0.5, 5*time.Second).Watch()
	for i := range 490 {
		require.Empty(t, watch.Observe("browse", sample(time.Duration(i)*10*time.Millisecond, false)), "the span is not full yet")
		require.Empty(t, watch.Observe("search", sample(time.Duration(i)*10*time.Millisecond, false)), "another load")
	}
	assert.Equal(t, "availability of browse was 0 % over 5s; the run aborts below 50%", watch.Observe("browse", sample(5050*time.Millisecond, false)))
}

func TestAbortAtTheBound(t *testing.T) {
	watch := condition(0.5, time.Second).Watch()
	for i := range 400 {
		require.Empty(t, watch.Observe("browse", sample(time.Duration(i)*5*time.Millisecond, i%2 == 0)), "half is not below half")
	}
}

func TestAbortForgets(t *testing.T) {
	watch := condition(0.5, time.Second).Watch()
	for i := range 90 {
		watch.Observe("browse", sample(time.Duration(i)*10*time.Millisecond, false))
	}
	assert.Empty(t, watch.Observe("browse", sample(time.Hour, true)), "what was long ago does not count")
	assert.Empty(t, watch.Observe("browse", sample(time.Hour-time.Second, true)), "one that is told late is no panic")
}

// TestAbortAgreesWithNaive keeps all samples and counts those of the last span anew each time, by the same parts.
func TestAbortAgreesWithNaive(t *testing.T) {
	const over, parts = time.Second, 50
	rapid.Check(t, func(t *rapid.T) {
		below := experiment.Percent(float64(rapid.IntRange(0, 100).Draw(t, "below")) / 100)
		watch := condition(below, over).Watch()
		type seen struct {
			part int64
			ok   bool
		}
		var all []seen
		end := time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "start"))
		for range rapid.IntRange(1, 300).Draw(t, "requests") {
			gap := rapid.Int64Range(0, int64(20*time.Millisecond))
			if rapid.IntRange(0, 40).Draw(t, "pause") == 0 {
				gap = rapid.Int64Range(0, int64(3*time.Second))
			}
			end += time.Duration(gap.Draw(t, "gap"))
			s := seen{int64(end / (over / parts)), rapid.Bool().Draw(t, "ok")}
			all = append(all, s)
			var requests, failed uint64
			for _, a := range all {
				if a.part > s.part-parts {
					requests++
					if !a.ok {
						failed++
					}
				}
			}
			want := s.part-all[0].part >= parts && failed*100 > requests*uint64(100-100*below+0.5)
			require.Equal(t, want, watch.Observe("browse", sample(end, s.ok)) != "", "%d of %d failed", failed, requests)
		}
	})
}

func TestAbortOfAProbe(t *testing.T) {
	condition := &verdict.AbortProbe{Probe: "home", Failing: experiment.Duration(2 * time.Second)}
	assert.Equal(t, "probe home failing for 2s", condition.Name())
	// Each check begins at its second and takes a tenth.
	check := func(second float64, held, unknown bool) verdict.Check {
		return verdict.Check{Span: span(second, second+0.1), Held: held, Unknown: unknown, Message: "HTTP 503"}
	}
	for name, c := range map[string]struct {
		checks string // one each second: . holds, x fails, ? could not measure
		aborts int    // the check that aborts, -1 without one
	}{
		"holds":                     {"......", -1},
		"fails for long enough":     {"..xxxx", 5}, // from 2.1 to 5
		"not for long enough":       {"..xxx.", -1},
		"holds in between":          {"xx.xxx", -1},
		"not measured in between":   {"xx?xxx", -1},
		"again, after that":         {"xx?xxxx", 6},
		"nothing could be measured": {"???????", -1},
	} {
		t.Run(name, func(t *testing.T) {
			watch, aborted := condition.WatchChecks(), -1
			for i, r := range c.checks {
				assert.Empty(t, watch.Observe("other", check(float64(i), false, false)), "another probe")
				if reason := watch.Observe("home", check(float64(i), r == '.', r == '?')); reason != "" {
					aborted = i
					assert.Equal(t, "the probe home failed for 2.9s at the least, where the run aborts after 2s: HTTP 503", reason)
					break
				}
			}
			assert.Equal(t, c.aborts, aborted)
		})
	}
	f := facts(func(f *verdict.Facts) {
		f.Probes = map[string]*verdict.ProbeRecord{"home": {Checks: []verdict.Check{check(0, true, false), check(1, false, true), check(2, false, false)}}}
	})
	n, what, of := condition.Watched(f)
	assert.EqualValues(t, 2, n, "what could not measure told nothing")
	assert.Equal(t, "check of home", what+" of "+of)
}
