package verdict

import (
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
)

var _ = register(expectations, Definition{
	Name: "availability", Summary: "The share of requests that succeed.",
	Example: `
- availability: {of: browse, atLeast: 99.9%}
- availability: {of: browse, atLeast: 99%, during: fault}
`,
	New: func() any { return &Availability{During: Run} },
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
func (a *Availability) SteadyAvailability() (string, float64) { return a.Of, float64(a.AtLeast) }

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
	resolution := 3 / float64(r.Total)
	low, high := load.Proportion{Successes: r.Total - r.Failures, Trials: r.Total}.Interval(0.95)
	j.Observed = percent(share)
	interval := fmt.Sprintf("95 %% interval %s to %s", percent(low), percent(high))
	j.Resolution = percent(resolution)
	switch {
	case share < float64(a.AtLeast):
		j.Outcome = Fail
		j.Why = fmt.Sprintf("%d of %d requests failed (%s); the bound allows %d", r.Failures, r.Total, interval, uint64((1-float64(a.AtLeast))*float64(r.Total)))
	case r.Failures == 0 && 1-resolution < float64(a.AtLeast):
		j.Outcome = Unknown
		j.Why = fmt.Sprintf("%d requests without a failure support no more than %s: make the run longer or its rate higher", r.Total, percent(1-resolution))
	default:
		j.Outcome = Pass
		j.Why = fmt.Sprintf("%d of %d requests failed (%s)", r.Failures, r.Total, interval)
	}
	return j
}

// percent writes a share with as many digits as tell it from 100 %.
func percent(share float64) string {
	switch {
	case share > 0.9999 && share < 1:
		return fmt.Sprintf("%.4f %%", 100*share)
	case share > 0 && share < 0.001 || share > 0.99 && share < 1:
		return fmt.Sprintf("%.3f %%", 100*share)
	}
	return fmt.Sprintf("%.4g %%", 100*share)
}
