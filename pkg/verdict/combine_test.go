package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/pkg/verdict"
)

func TestWorseIsALattice(t *testing.T) {
	all := []verdict.Outcome{verdict.Pass, verdict.Unknown, verdict.Fail}
	for i, a := range all {
		for k, b := range all {
			assert.Equal(t, all[max(i, k)], verdict.Worse(a, b))
			assert.Equal(t, verdict.Worse(a, b), verdict.Worse(b, a))
			for _, c := range all {
				assert.Equal(t, verdict.Worse(verdict.Worse(a, b), c), verdict.Worse(a, verdict.Worse(b, c)))
			}
		}
	}
	assert.Equal(t, verdict.Outcome("what is not known"), verdict.Worse("what is not known", verdict.Unknown), "is never better than it seems")
}

func TestOf(t *testing.T) {
	pass := verdict.Judgement{Name: "p", Outcome: verdict.Pass}
	unknown := verdict.Judgement{Name: "latency", Outcome: verdict.Unknown, Observed: "nothing", Bound: "at most 1s", Why: "no request was made"}
	fail := verdict.Judgement{Name: "outage", Outcome: verdict.Fail, Observed: "2s", Bound: "at most 1s", Why: "it was long"}
	const unknownText, failText = "latency was nothing, expected at most 1s: no request was made", "outage was 2s, expected at most 1s: it was long"
	for name, c := range map[string]struct {
		judgements    []verdict.Judgement
		circumstances verdict.Circumstances
		want          verdict.Outcome
		reasons       []string
	}{
		"all pass":               {[]verdict.Judgement{pass, pass}, verdict.Circumstances{Applied: 1}, verdict.Pass, []string{"all 2 expectations held, and every fault was seen to take effect"}},
		"one unknown":            {[]verdict.Judgement{pass, unknown}, verdict.Circumstances{Applied: 1}, verdict.Unknown, []string{unknownText}},
		"failures come first":    {[]verdict.Judgement{unknown, fail}, verdict.Circumstances{Applied: 1}, verdict.Fail, []string{failText, unknownText}},
		"no fault":               {[]verdict.Judgement{pass}, verdict.Circumstances{}, verdict.Unknown, []string{"no fault took effect, so nothing was tested"}},
		"an unproved fault":      {[]verdict.Judgement{pass}, verdict.Circumstances{Applied: 2, Unproved: []string{"x"}}, verdict.Unknown, []string{"x"}},
		"what was not measured":  {[]verdict.Judgement{pass}, verdict.Circumstances{Applied: 1, Unmeasured: []string{"y"}}, verdict.Unknown, []string{"y"}},
		"unknown excuses nobody": {[]verdict.Judgement{fail}, verdict.Circumstances{Applied: 1, Unproved: []string{"x"}, Unmeasured: []string{"y"}}, verdict.Fail, []string{failText, "x", "y"}},
		"stopped":                {[]verdict.Judgement{pass, unknown, fail}, verdict.Circumstances{Stopped: "interrupted", Unproved: []string{"x"}}, verdict.Unknown, []string{"interrupted", failText}},
	} {
		t.Run(name, func(t *testing.T) {
			outcome, reasons := verdict.Of(c.judgements, c.circumstances)
			assert.Equal(t, c.want, outcome)
			assert.Equal(t, c.reasons, reasons)
		})
	}
}
