package verdict

import (
	"fmt"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/declared"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = expectations.Add(experiment.Definition[Expectation]{
	Name: "converged", Summary: "What is declared of the target, and of what acts on it, is as before the first fault.",
	Example: `
- converged: {}
- converged: {within: 30s}
`,
	New: func() Expectation { return &Converged{} },
})

// Converged expects each declaration about the target to be what it was before the first fault, once what the run has changed is
// put back, and to stay so for recovery.stableFor: the workload, those of its ReplicaSets that are to have pods, the Services,
// PodDisruptionBudgets and HorizontalPodAutoscalers of its pods, and the ConfigMaps that these use. What else people, pipelines
// and controllers have changed meanwhile is named, by object and field. The status, and what the API server and Kubernetes'
// controllers write, is left out, save the number of ready endpoints of a Service; where an autoscaler decides about the number
// of replicas, so are that and these. Secrets are not read.
type Converged struct {
	// Within is the time that it may take, from when the last fault was undone, or else the end of its window; without it, the
	// recovery's timeout is.
	Within *experiment.Duration `json:"within,omitempty" form:"positive"`
}

// DeclaredLook is one comparison of what is declared with what was before.
type DeclaredLook struct {
	At event.Instant
	event.DeclaredCompared
}

func (l *DeclaredLook) differs() bool { return len(l.Differences) > 0 || l.Unread != "" }

// Check refuses a target of which nothing is declared.
func (c *Converged) Check(check *experiment.Check) {
	if check.Experiment().Spec.Target.Workload == "" {
		check.Fail("", "the target is a selector, of which nothing is declared: expected a target with a workload")
	}
}

// Needs is to read what is compared.
func (c *Converged) Needs(s access.Scope) []access.Need {
	const why = "compare what is declared of the target with before"
	var needs []access.Need
	kind, name := s.Target.WorkloadKind()
	if resource, _, err := s.Kinds.Resource(kind); kind != "" && err == nil {
		needs = access.Needs(why, access.Object{Group: resource.Group, Resource: resource.Resource, Namespace: s.Target.Namespace, Name: name}, "get")
	}
	listed, read := declared.Resources()
	for _, r := range listed {
		needs = append(needs, access.Needs(why, access.Object{Group: r.Group, Resource: r.Resource, Namespace: s.Target.Namespace}, "list")...)
	}
	for _, r := range read {
		needs = append(needs, access.Needs(why, access.Object{Group: r.Group, Resource: r.Resource, Namespace: s.Target.Namespace}, "get")...)
	}
	return needs
}

// mostNamed is how many differences are told in one sentence.
const mostNamed = 3

// Judge looks at the last comparison, and at how long it had been so.
func (c *Converged) Judge(f *Facts) Judgement {
	j := Judgement{Name: "converged", Window: Recovery, Bound: "all as before", Outcome: Unknown, Observed: "nothing"}
	if c.Within != nil {
		j.Bound += " within " + c.Within.String()
	}
	if len(f.Declared) == 0 {
		j.Why = "the run did not come to where it is compared"
		return j
	}
	last := f.Declared[len(f.Declared)-1]
	every := time.Duration(last.Every * float64(time.Second))
	j.Resolution = round(every)
	undone := max(f.Windows[Recovery].Start, f.Restored)
	since, moved := alikeSince(f.Declared)
	took, stayed := max(0, since.Sub(undone)), last.At.Sub(since)
	switch {
	case last.Unread != "":
		j.Why = "it could not be compared: " + last.Unread
	case len(last.Differences) > 0 && !last.Last:
		j.Observed, j.Why = differences(&last), "the record breaks off while there were differences: "+named(&last)
	case len(last.Differences) > 0:
		j.Outcome, j.Observed, j.Why = Fail, differences(&last), named(&last)
	case c.Within != nil && took > c.Within.Std():
		j.Outcome, j.Observed, j.Why = Fail, "after "+round(took), "it was too late: before, "+lastNamed(f.Declared)
	case !last.Last || stayed < f.StableFor:
		j.Observed = "for " + round(stayed)
		j.Why = fmt.Sprintf("it was so for %s, and nobody knows whether it stays: expected %s", round(stayed), round(f.StableFor))
		if len(moved) > 0 {
			j.Why += "; " + strings.Join(moved, ", ") + " was written in between"
		}
	default:
		j.Outcome, j.Observed, j.Why = Pass, "after "+round(took), fmt.Sprintf("%s are as they were before the first fault, and stayed so for %s", plural(last.Objects, "declaration"), round(stayed))
	}
	return j
}

// alikeSince is when the last difference was gone, and what was written last without making one.
func alikeSince(looks []DeclaredLook) (since event.Instant, moved []string) {
	for i := range looks {
		switch {
		case looks[i].differs():
			since, moved = -1, nil
		case len(looks[i].Moved) > 0:
			since, moved = looks[i].At, looks[i].Moved
		case i == 0 || since < 0:
			since = looks[i].At
		}
	}
	return max(since, 0), moved
}

func differences(l *DeclaredLook) string { return plural(len(l.Differences)+l.More, "difference") }

// named tells the first differences of a comparison.
func named(l *DeclaredLook) string {
	var told []string
	for _, d := range l.Differences[:min(mostNamed, len(l.Differences))] {
		told = append(told, d.String())
	}
	text := strings.Join(told, "; ")
	if more := len(l.Differences) + l.More - len(told); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// lastNamed are the differences that were there last.
func lastNamed(looks []DeclaredLook) string {
	for i := len(looks) - 1; i >= 0; i-- {
		switch l := &looks[i]; {
		case l.Unread != "":
			return "it could not be compared: " + l.Unread
		case len(l.Differences) > 0:
			return named(l)
		case len(l.Moved) > 0:
			return strings.Join(l.Moved, ", ") + " was written"
		}
	}
	return "nothing was compared"
}
