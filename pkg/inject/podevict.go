package inject

import (
	"context"
	"time"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "podEvict",
	Summary: "Evicts pods of the target, chosen at random, heeding PodDisruptionBudgets.",
	Example: `
- name: evict-half
  podEvict: {count: 50%, timeout: 30s}
`,
	New: func() Fault {
		return &PodEvict{Count: experiment.CountOf(1), Timeout: experiment.Duration(2 * time.Minute)}
	},
})

// PodEvict asks for the eviction of pods of the target, as a drain of their nodes would. A PodDisruptionBudget may block that until
// other pods are ready: the run tells which budget blocks which pod, and for how long it did. Pods that are on their way
// out already are not chosen.
type PodEvict struct {
	// Count is how many: a number, a percentage (rounded down, one at the least) or all. 1 unless told otherwise.
	Count experiment.Count `json:"count"`
	// GracePeriod is what the containers get to stop; 0s kills them at once. The pod's own unless told otherwise.
	GracePeriod *experiment.Duration `json:"gracePeriod,omitempty"`
	// Timeout is how long a budget may block each eviction before that has failed; 2m unless told otherwise.
	Timeout experiment.Duration `json:"timeout"`
	// Where narrows which pods of the target may be chosen.
	Where *target.Where `json:"where,omitempty"`
}

// Check looks at the conditions of the choice, and refuses a grace period that the API cannot express, and no time at all.
func (e *PodEvict) Check(c *experiment.Check) {
	e.Where.Check(c, "where")
	checkGrace(c, e.GracePeriod)
	checkTimeout(c, e.Timeout)
}

// Plan evicts the chosen pods side by side.
func (e *PodEvict) Plan(ctx context.Context, s Scope) ([]Change, error) {
	candidates, err := candidates(ctx, s, e.Where)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, pod := range target.Pick(s.Draw, candidates, e.Count.Of(len(candidates)), func(p *cluster.Pod) string { return string(p.UID) }) {
		changes = append(changes, evict(pod, 0, e.Timeout, e.GracePeriod))
	}
	return changes, nil
}

// Needs are those of evictions in the target's namespace.
func (e *PodEvict) Needs(s access.Scope) []access.Need { return evictions(s.Target.Namespace) }
