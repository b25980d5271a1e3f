package verdict

import "fmt"

// Circumstances are what is known of a run beside its expectations.
type Circumstances struct {
	// Stopped is why the run did not reach its end; empty where it did.
	Stopped string
	// Unproved lists changes that were not seen to take effect, in words. Applied counts those that were acknowledged.
	Unproved []string
	Applied  int
	// Unmeasured lists loads and probes that gave no answer, in words.
	Unmeasured []string
}

// Of combines judgements and circumstances (G12). The reasons come weightiest first.
func Of(judgements []Judgement, c Circumstances) (Outcome, []string) {
	outcome := Pass
	byOutcome := map[Outcome][]string{}
	add := func(o Outcome, reason string) {
		outcome = Worse(outcome, o)
		byOutcome[o] = append(byOutcome[o], reason)
	}
	for _, j := range judgements {
		if j.Outcome != Pass {
			add(j.Outcome, fmt.Sprintf("%s was %s, expected %s: %s", j.Name, j.Observed, j.Bound, j.Why))
		}
	}
	if c.Stopped != "" {
		// What a run that was cut short did show is told beside it, but proves nothing either way.
		return Unknown, append([]string{c.Stopped}, byOutcome[Fail]...)
	}
	if c.Applied == 0 {
		add(Unknown, "no fault took effect, so nothing was tested")
	}
	for _, u := range c.Unproved {
		add(Unknown, u)
	}
	for _, u := range c.Unmeasured {
		add(Unknown, u)
	}
	reasons := append(byOutcome[Fail], byOutcome[Unknown]...)
	if len(reasons) == 0 {
		reasons = []string{fmt.Sprintf("all %d expectations held, and every fault was seen to take effect", len(judgements))}
	}
	return outcome, reasons
}
