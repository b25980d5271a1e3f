package verdict

import (
	"fmt"
	"time"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = expectations.Add(experiment.Definition[Expectation]{
	Name: "errorBudget", Summary: "What the run cost of the errors that an objective leaves room for.",
	Example: `
- errorBudget: {of: browse, objective: 99.9%, atMost: 2%}
`,
	New: func() Expectation {
		return &ErrorBudget{Period: experiment.Duration(30 * 24 * time.Hour), During: Run}
	},
})

// ErrorBudget expects a fault to cost no more than a share of an error budget, which is the room that an objective for
// availability leaves in a period: 43m12s of 30 days at 99.9 % (Beyer and others, Site Reliability Engineering, 2016,
// chapter 3). The cost is the share of failed requests times the length of the window, so it is that of all users where the
// load is like theirs.
type ErrorBudget struct {
	// Of names the load.
	Of string `json:"of"`
	// Objective is the share of requests that must succeed over the period, less than 100%.
	Objective experiment.Percent `json:"objective"`
	// Period is that of the budget; 30 days unless told otherwise.
	Period experiment.Duration `json:"period" form:"positive"`
	// AtMost is the share of the budget that may be spent.
	AtMost experiment.Percent `json:"atMost"`
	// During is the window; run unless told otherwise.
	During Window `json:"during"`
}

// Check refuses a load that does not exist, and an objective that leaves no budget.
func (e *ErrorBudget) Check(c *experiment.Check) {
	c.Stream("of", e.Of)
	if e.Objective >= 1 {
		c.Fail("objective", "%s leaves no room for errors: expected less than 100%%", e.Objective)
	}
	if e.Period <= 0 {
		c.Fail("period", "%s is too short: expected more than zero", e.Period)
	}
}

// Judge compares the cost with the bound. Nothing is estimated: it is what this run cost. A cost below that of a single
// failed request cannot be seen.
func (e *ErrorBudget) Judge(f *Facts) Judgement {
	j := Judgement{Name: "error budget of " + e.Of, Window: e.During, Bound: fmt.Sprintf("at most %s of %s", e.AtMost, e.budgetWords())}
	r, _, problem := requests(f, e.Of, e.During)
	if problem != "" {
		j.Outcome, j.Observed, j.Why = Unknown, "nothing", problem
		return j
	}
	length := f.Windows[e.During].Length()
	lost := time.Duration(float64(length) * float64(r.Failures) / float64(r.Total))
	cost, finest := float64(lost)/e.budget(), float64(length)/float64(r.Total)/e.budget()
	j.Observed, j.Resolution = percent(cost), percent(finest)
	j.Why = fmt.Sprintf("%d of %d requests failed, as if nobody had been served for %s of %s", r.Failures, r.Total, round(lost), round(length))
	switch {
	case cost > float64(e.AtMost):
		j.Outcome = Fail
	case r.Failures == 0 && finest > float64(e.AtMost):
		j.Outcome = Unknown
		j.Why = fmt.Sprintf("one failed request would have cost %s: make the rate higher", percent(finest))
	default:
		j.Outcome = Pass
	}
	return j
}

// budget is the time without any service that the objective leaves room for, in nanoseconds.
func (e *ErrorBudget) budget() float64 { return float64(e.Period) * (1 - float64(e.Objective)) }

func (e *ErrorBudget) budgetWords() string {
	return fmt.Sprintf("%s, which %s leaves in %s", round(time.Duration(e.budget())), e.Objective, e.Period)
}
