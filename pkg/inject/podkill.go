package inject

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "podKill",
	Summary: "Deletes pods of the target, chosen at random, with a UID precondition.",
	Example: `
- name: kill-one
  podKill: {count: 1, gracePeriod: 0s}
  repeat: {every: 10s, times: 3}
`,
	New: func() Fault { return &PodKill{Count: experiment.CountOf(1)} },
})

// PodKill deletes pods of the target. Pods that are on their way out already are not chosen.
type PodKill struct {
	// Count is how many: a number, a percentage (rounded down, one at the least) or all. 1 unless told otherwise.
	Count experiment.Count `json:"count"`
	// GracePeriod is what the containers get to stop; 0s kills them at once. The pod's own unless told otherwise.
	GracePeriod *experiment.Duration `json:"gracePeriod,omitempty"`
	// Where narrows which pods of the target may be chosen.
	Where *target.Where `json:"where,omitempty"`
}

// Check looks at the conditions of the choice, and refuses a grace period that the API cannot express.
func (k *PodKill) Check(c *experiment.Check) {
	k.Where.Check(c, "where")
	checkGrace(c, k.GracePeriod)
}

// Plan deletes the chosen pods side by side.
func (k *PodKill) Plan(ctx context.Context, s Scope) ([]Change, error) {
	candidates, err := candidates(ctx, s, k.Where)
	if err != nil {
		return nil, err
	}
	victims := target.Pick(s.Draw, candidates, k.Count.Of(len(candidates)), func(p *cluster.Pod) string { return string(p.UID) })
	var changes []Change
	for _, pod := range victims {
		changes = append(changes, remove("delete-"+pod.Name, pod, 0, k.GracePeriod))
	}
	return changes, nil
}

// Needs are those of deletions in the target's namespace.
func (k *PodKill) Needs(s access.Scope) []access.Need { return deletions(s.Target.Namespace) }

// candidates are the live pods of the target that meet the conditions and have not opted out.
func candidates(ctx context.Context, s Scope, where *target.Where) ([]*cluster.Pod, error) {
	live, err := livePods(ctx, s)
	if err != nil {
		return nil, err
	}
	zones := map[string]string{}
	if where.NeedsZones() {
		all, err := s.Nodes(ctx)
		if err != nil {
			return nil, err
		}
		for i := range all {
			zones[all[i].Name] = all[i].Labels[corev1.LabelTopologyZone]
		}
	}
	var chosen []*cluster.Pod
	for _, p := range live {
		if !target.OptedOut(p.Annotations) && where.Match(p, zones[p.Node], s.Now) {
			chosen = append(chosen, p)
		}
	}
	if len(chosen) == 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("none of the %d pods of %s may be chosen: they do not meet the conditions of where, or have opted out (annotation %s)", len(live), s.Workload, cluster.ProtectAnnotation)}
	}
	return chosen, nil
}

// livePods are those of the target that are not on their way out.
func livePods(ctx context.Context, s Scope) ([]*cluster.Pod, error) {
	all, err := s.Pods(ctx, s.Workload.Namespace, s.Workload.Selector)
	if err != nil {
		return nil, err
	}
	live := staying(all)
	if len(live) == 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("%s in namespace %s has no pods", s.Workload, s.Workload.Namespace)}
	}
	return live, nil
}
