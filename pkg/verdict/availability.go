package verdict

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
)

var _ = expectations.Add(experiment.Definition[Expectation]{
	Name: "availability", Summary: "The share of requests that succeed.",
	Example: `
- availability: {of: browse, atLeast: 99.9%}
- availability: {of: browse, atLeast: 99%, during: fault}
`,
	New: func() Expectation { return &Availability{During: Run} },
})

// Availability expects a share of a load's requests to succeed, fresh and reused connections together.
type Availability struct {
	// Of names the load.
	Of string `json:"of"`
	// AtLeast is the share of requests that must succeed.
	AtLeast experiment.Percent `json:"atLeast"`
	// During is the window; run unless told otherwise.
	During Window `json:"during"`
}

// Check refuses a load that does not exist.
func (a *Availability) Check(c *experiment.Check) { c.Stream("of", a.Of) }

// SteadyAvailability asks as much of the baseline as of the run.
func (a *Availability) SteadyAvailability() (string, experiment.Percent) { return a.Of, a.AtLeast }

// Judge compares the observed share with the bound. Without any failure, n requests support no more than 1 - 3/n (the
// rule of three: Hanley and Lippman-Hand, JAMA 1983); a bound beyond that is unknown, not passed.
func (a *Availability) Judge(f *Facts) Judgement {
	j := Judgement{Name: "availability of " + a.Of, Window: a.During, Bound: "at least " + a.AtLeast.String()}
	r, _, problem := requests(f, a.Of, a.During)
	if problem != "" {
		j.Outcome, j.Observed, j.Why = Unknown, "nothing", problem
		return j
	}
	share := 1 - float64(r.Failures)/float64(r.Total)
	allowed := AllowedFailures(a.AtLeast, r.Total)
	resolution := 3 / float64(r.Total)
	low, high := load.Proportion{Successes: r.Total - r.Failures, Trials: r.Total}.Interval(0.95)
	j.Observed = percent(share)
	interval := fmt.Sprintf("95 %% interval %s to %s", percent(low), percent(high))
	j.Resolution = percent(resolution)
	switch {
	case r.Failures > allowed:
		j.Outcome = Fail
		j.Why = fmt.Sprintf("%d of %d requests failed (%s); the bound allows %d", r.Failures, r.Total, interval, allowed)
	case r.Failures == 0 && 1-resolution < float64(a.AtLeast):
		j.Outcome = Unknown
		j.Why = fmt.Sprintf("%d requests without a failure support no more than %s: make the run longer or its rate higher", r.Total, percent(1-resolution))
	default:
		j.Outcome = Pass
		j.Why = fmt.Sprintf("%d of %d requests failed (%s)", r.Failures, r.Total, interval)
	}
	return j
}

// AllowedFailures is how many of a number of requests may fail where a share of them must succeed. A percentage has six
// decimals at most, so this is exact, which a comparison of fractions is not.
func AllowedFailures(atLeast experiment.Percent, requests uint64) uint64 {
	const whole = 100_000_000
	parts := whole - uint64(math.Round(float64(atLeast)*whole))
	high, low := bits.Mul64(parts, requests)
	allowed, _ := bits.Div64(high, low, whole)
	return allowed
}

// percent writes a share with as many digits as tell it from 0 % and from 100 %: three of the distance to the nearer.
func percent(share float64) string {
	distance := 100 * min(share, 1-share)
	if distance <= 0 {
		return fmt.Sprintf("%g %%", 100*share)
	}
	decimals := max(1, min(9, 2-int(math.Floor(math.Log10(distance)))))
	text := strconv.FormatFloat(100*share, 'f', decimals, 64)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".") + " %"
}
