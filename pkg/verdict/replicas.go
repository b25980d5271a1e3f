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
- replicas: {atLeast: all, within: 1m}
- replicas: {atLeast: 5, within: 30s, during: fault}
- replicas: {atLeast: all, more: 2, within: 30s, during: fault}
`,
	New: func() Expectation { return &Replicas{During: Run} },
})

// Replicas expects a number of ready pods: within a time after the last injection, and from then on to the end of the window;
// or, where no time is given, all the time, of which nothing is claimed where the watch of the pods was cut and events are lost.
type Replicas struct {
	// AtLeast is how many pods must be ready: a number, or a percentage (rounded down, one at the least) or all of those that
	// were ready when the run began.
	AtLeast experiment.Count `json:"atLeast"`
	// More is how many there must be beyond that, as where a fault asks for more pods than there were.
	More int `json:"more,omitempty" form:"zero-or-more"`
	// Within is the time after the last injection in which the number must be reached, to stay so; without it, the
	// number must be there all the time.
	Within *experiment.Duration `json:"within,omitempty"`
	// During is the window; run unless told otherwise. A fault that asks for more pods is one to look at during the fault.
	During Window `json:"during"`
}

// Check refuses what would be fewer.
func (r *Replicas) Check(c *experiment.Check) {
	if r.More < 0 {
		c.Fail("more", "%d is no number of pods beyond others: expected 0 or more", r.More)
	}
}

// Judge finds out when the count was reached for good, or what it fell to.
func (r *Replicas) Judge(f *Facts) Judgement {
	j := Judgement{Name: "replicas", Window: r.During, Bound: fmt.Sprintf("at least %s ready", r.asked())}
	if len(f.Ready) == 0 {
		j.Outcome, j.Observed, j.Why = Unknown, "nothing", "no pod of the target was seen"
		return j
	}
	least, known := r.least(f)
	if !known {
		j.Outcome, j.Observed, j.Why = Unknown, "0 ready", "no pod of the target was ready when the run began"
		return j
	}
	if r.AtLeast.Number == 0 {
		j.Bound = fmt.Sprintf("at least %d ready (%s)", least, r.asked())
	}
	window, began := f.Windows[r.During]
	if !began {
		j.Outcome, j.Observed, j.Why = Unknown, "nothing", fmt.Sprintf("the run did not come to its window %s", r.During)
		return j
	}
	counts := clipped(f.Ready, window)
	if r.Within == nil {
		return judgeAlways(counts, least, f.PodsMissed, j)
	}
	j.Bound += " within " + r.Within.String()
	if len(f.Injected) == 0 {
		j.Outcome, j.Observed, j.Why = Unknown, "nothing", "nothing was injected"
		return j
	}
	injected := f.Injected[len(f.Injected)-1]
	reached, ok := reachedForGood(counts, least)
	last := counts[len(counts)-1].Ready
	switch waited := window.End.Sub(injected); {
	case !ok && waited > r.Within.Std():
		j.Outcome, j.Observed, j.Why = Fail, fmt.Sprintf("%d ready", last), fmt.Sprintf("%d were ready %s after the last injection", last, round(waited))
	case !ok:
		j.Outcome, j.Observed, j.Why = Unknown, fmt.Sprintf("%d ready", last), fmt.Sprintf("the %s ended %s after the last injection", r.During, round(waited))
	case reached.Sub(injected) > r.Within.Std():
		j.Outcome, j.Observed, j.Why = Fail, "after "+round(reached.Sub(injected)), fmt.Sprintf("%d ready pods came too late", least)
	case f.Cut && waited < r.Within.Std():
		j.Outcome, j.Observed, j.Why = Unknown, fmt.Sprintf("%d ready", last), fmt.Sprintf("the run was cut short %s after the last injection", round(waited))
	default:
		j.Outcome, j.Observed, j.Why = Pass, "after "+round(max(0, reached.Sub(injected))), "counted from the last injection, and kept to the end"
	}
	return j
}

// asked is the number as the file has it.
func (r *Replicas) asked() string {
	if r.More == 0 {
		return r.AtLeast.String()
	}
	return fmt.Sprintf("%s and %d more", r.AtLeast, r.More)
}

// least is the number meant. A share of none is not known.
func (r *Replicas) least(f *Facts) (number int, known bool) {
	number = r.AtLeast.Number
	if number == 0 {
		number = r.AtLeast.Of(f.Ready[0].Ready)
	}
	return number + r.More, number > 0
}

// clipped are the counts of a window: the one that it begins with, and those that follow. What came before is left out, as
// is what came after. The first is kept where none came before.
func clipped(counts []ReadyCount, window Span) []ReadyCount {
	begin, end := 0, 1
	for i, c := range counts {
		if c.At <= window.Start {
			begin, end = i, i+1
		} else if c.At <= window.End {
			end = i + 1
		}
	}
	return counts[begin:end]
}

// reachedForGood is the instant from which on the count never fell below the bound again.
func reachedForGood(counts []ReadyCount, least int) (event.Instant, bool) {
	ok := false
	var since event.Instant
	for _, c := range counts {
		if c.Ready < least {
			ok = false
		} else if !ok {
			ok, since = true, c.At
		}
	}
	return since, ok
}

func judgeAlways(counts []ReadyCount, least int, missed bool, j Judgement) Judgement {
	fewest := counts[0].Ready
	for _, c := range counts {
		fewest = min(fewest, c.Ready)
	}
	j.Observed = fmt.Sprintf("%d ready at the least", fewest)
	j.Outcome, j.Why = Pass, "all the time"
	switch {
	case fewest < least:
		j.Outcome, j.Why = Fail, fmt.Sprintf("%d fewer than expected", least-fewest)
	case missed:
		j.Outcome, j.Why = Unknown, "the watch of the pods was cut, so there may have been fewer for a while"
	}
	return j
}
