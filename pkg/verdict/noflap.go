package verdict

import (
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = expectations.Add(experiment.Definition[Expectation]{
	Name: "noFlap", Summary: "Pods that are ready stay so, and do not go to and fro.",
	Example: `
- noFlap: {}
- noFlap: {times: 0, during: recovery}
`,
	New: func() Expectation { return &NoFlap{Times: 1, During: Run} },
})

// NoFlap expects that no pod of the target loses its readiness again and again while it lives, as it does where a readiness
// probe is too strict for the load, where one that asks others for their health takes all pods away at once, or where a
// container starts, fails and starts. A pod that is deleted, evicted or relabelled does not lose its readiness by that.
type NoFlap struct {
	// Times is how often each pod may lose its readiness: once unless told otherwise, since a fault can take it away.
	Times int `json:"times" form:"zero-or-more"`
	// During is the window; run unless told otherwise.
	During Window `json:"during"`
}

// Lapse is a pod's loss of its readiness while it lived on.
type Lapse struct {
	At       event.Instant
	Pod, UID string
}

// Check refuses a number that is none.
func (n *NoFlap) Check(c *experiment.Check) {
	if n.Times < 0 {
		c.Fail("times", "%d is no number of times: expected 0 or more", n.Times)
	}
}

// Judge counts the lapses of each pod.
func (n *NoFlap) Judge(f *Facts) Judgement {
	j := Judgement{Name: "no flapping", Window: n.During, Bound: "at most " + times(n.Times) + " for each pod", Outcome: Unknown, Observed: "nothing"}
	window, began := f.Windows[n.During]
	switch {
	case len(f.Ready) == 0:
		j.Why = "no pod of the target was seen"
		return j
	case !began:
		j.Why = fmt.Sprintf("the run did not come to its window %s", n.During)
		return j
	}
	counts, pods, worst := map[string]int{}, 0, Lapse{}
	for _, l := range f.Lapses {
		if l.At < window.Start || l.At >= window.End {
			continue
		}
		if counts[l.UID]++; counts[l.UID] == 1 {
			pods++
		}
		if l.UID == worst.UID || counts[l.UID] > counts[worst.UID] {
			worst = l
		}
	}
	most := counts[worst.UID]
	j.Observed = times(most)
	switch {
	case most > n.Times:
		j.Outcome, j.Why = Fail, fmt.Sprintf("%s lost its readiness %s, the last time %s into the run; %s did at all", worst.Pod, times(most), round(worst.At.Sub(0)), plural(pods, "pod"))
	case f.PodsMissed:
		j.Why = "the watch of the pods was cut, so changes of their readiness may have been missed"
	case most == 0:
		j.Outcome, j.Observed, j.Why = Pass, "never", "no pod that stayed lost its readiness"
	default:
		j.Outcome, j.Why = Pass, fmt.Sprintf("%s lost their readiness, none more often than %s", plural(pods, "pod"), times(most))
		if pods == 1 {
			j.Why = fmt.Sprintf("%s lost its readiness %s", worst.Pod, times(most))
		}
	}
	return j
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}
