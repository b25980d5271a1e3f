package verdict

import (
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = expectations.Add(experiment.Definition[Expectation]{
	Name: "replicas", Summary: "The number of ready pods of the target.",
	Example: `
- replicas: {atLeast: 3, within: 30s}
- replicas: {atLeast: 2}
`,
	New: func() Expectation { return &Replicas{} },
})

// Replicas expects a number of ready pods: within a time after the last injection, and from then on; or, where no time
// is given, all the time.
type Replicas struct {
	// AtLeast is the number of pods that must be ready.
	AtLeast int `json:"atLeast" form:"one-or-more"`
	// Within is the time after the last injection in which the number must be reached, to stay so; without it, the
	// number must be there all the time.
	Within *experiment.Duration `json:"within,omitempty"`
}

// Check refuses a bound that means nothing.
func (r *Replicas) Check(c *experiment.Check) {
	if r.AtLeast < 1 {
		c.Fail("atLeast", "%d pods are always there: expected 1 or more", r.AtLeast)
	}
}

// Judge finds out when the count was reached for good, or what it fell to.
func (r *Replicas) Judge(f *Facts) Judgement {
	j := Judgement{Name: "replicas", Window: Run, Bound: fmt.Sprintf("at least %d ready", r.AtLeast)}
	if len(f.Ready) == 0 {
		j.Outcome, j.Observed, j.Why = Unknown, "nothing", "no pod of the target was seen"
		return j
	}
	if r.Within == nil {
		return r.judgeAlways(f, j)
	}
	j.Bound += " within " + r.Within.String()
	if len(f.Injected) == 0 {
		j.Outcome, j.Observed, j.Why = Unknown, "nothing", "nothing was injected"
		return j
	}
	injected := f.Injected[len(f.Injected)-1]
	reached, ok := r.reachedForGood(f)
	last := f.Ready[len(f.Ready)-1].Ready
	switch waited := f.Windows[Run].End.Sub(injected); {
	case !ok && waited > r.Within.Std():
		j.Outcome, j.Observed, j.Why = Fail, fmt.Sprintf("%d ready", last), fmt.Sprintf("%d were ready %s after the last injection", last, round(waited))
	case !ok:
		j.Outcome, j.Observed, j.Why = Unknown, fmt.Sprintf("%d ready", last), fmt.Sprintf("the run ended %s after the last injection", round(waited))
	case reached.Sub(injected) > r.Within.Std():
		j.Outcome, j.Observed, j.Why = Fail, "after "+round(reached.Sub(injected)), fmt.Sprintf("%d ready pods came too late", r.AtLeast)
	default:
		j.Outcome, j.Observed, j.Why = Pass, "after "+round(max(0, reached.Sub(injected))), "counted from the last injection, and kept to the end"
	}
	return j
}

// reachedForGood is the instant from which on the count never fell below the bound again.
func (r *Replicas) reachedForGood(f *Facts) (event.Instant, bool) {
	ok := false
	var since event.Instant
	for _, c := range f.Ready {
		if c.Ready < r.AtLeast {
			ok = false
		} else if !ok {
			ok, since = true, c.At
		}
	}
	return since, ok
}

func (r *Replicas) judgeAlways(f *Facts, j Judgement) Judgement {
	least := f.Ready[0].Ready
	for _, c := range f.Ready {
		least = min(least, c.Ready)
	}
	j.Observed = fmt.Sprintf("%d ready at the least", least)
	j.Outcome, j.Why = Pass, "all the time"
	if least < r.AtLeast {
		j.Outcome, j.Why = Fail, fmt.Sprintf("%d fewer than expected", r.AtLeast-least)
	}
	return j
}
