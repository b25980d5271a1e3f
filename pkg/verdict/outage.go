package verdict

import (
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = expectations.Add(experiment.Definition[Expectation]{
	Name: "outage", Summary: "The longest span in which no request succeeds.",
	Example: `
- outage: {of: browse, longest: 500ms}
`,
	New: func() Expectation { return &LongestOutage{} },
})

// LongestOutage expects that no span of the run in which no request of a stream succeeds is longer than a bound. Fresh
// and reused connections are judged each by itself, and the worse counts.
type LongestOutage struct {
	// Of names the load.
	Of string `json:"of"`
	// Longest is the longest span that is accepted.
	Longest experiment.Duration `json:"longest"`
}

// Check refuses a load that does not exist.
func (o *LongestOutage) Check(c *experiment.Check) { c.Stream("of", o.Of) }

// Judge compares the longest outage with the bound.
func (o *LongestOutage) Judge(f *Facts) Judgement {
	j := Judgement{Name: "outage of " + o.Of, Window: Run, Bound: "at most " + o.Longest.String()}
	_, l, problem := requests(f, o.Of, Run)
	if problem != "" {
		j.Outcome, j.Observed, j.Why = Unknown, "nothing", problem
		return j
	}
	j.Resolution = round(l.Spacing)
	var longest Outage
	open := false
	for _, outage := range l.Outages {
		open = open || outage.Open
		if outage.Length() > longest.Length() || longest.Failures == 0 {
			longest = outage
		}
	}
	length := longest.Length()
	j.Observed = round(length)
	switch {
	case longest.Failures == 0:
		j.Observed = "none"
		j.Outcome, j.Why = Pass, fmt.Sprintf("no request failed; an outage shorter than %s would not have been seen", round(l.Spacing))
		if l.Spacing > o.Longest.Std() {
			j.Outcome, j.Why = Unknown, fmt.Sprintf("requests come %s apart, so an outage of %s can go unseen: raise the rate", round(l.Spacing), o.Longest)
		}
	case length > o.Longest.Std():
		j.Outcome = Fail
		j.Why = fmt.Sprintf("%d requests in a row failed on %s connections, for %s", longest.Failures, longest.Connections, round(length))
		if longest.Open {
			j.Why += ", and none succeeded again before the end of the run"
		}
	case open:
		j.Outcome = Unknown
		j.Why = "the run ended in the middle of an outage, so how long it would have lasted is not known"
	default:
		j.Outcome = Pass
		j.Why = fmt.Sprintf("the longest of %d, on %s connections", len(l.Outages), longest.Connections)
	}
	return j
}
