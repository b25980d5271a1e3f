package inject

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "podUnready",
	Summary: "Makes pods that have a readiness gate unready by its condition, so that they leave their Services and live on; the condition comes back.",
	Example: `
- name: gate-closed
  podUnready: {count: 1, gate: example.com/in-rotation}
  for: 20s
`,
	New: func() Fault { return &PodUnready{Count: experiment.CountOf(1)} },
})

// PodUnready sets the condition of a readiness gate (spec.readinessGates) of pods of the target to False, which makes the kubelet say
// that they are not ready. Their containers go on. Pods without such a gate cannot be made unready from outside, and refuse it:
// endpointRemove takes them out of a Service by a label. Whoever keeps the condition, such as the controller of a load balancer, may
// set it back meanwhile, which the run tells.
type PodUnready struct {
	// Count is how many of those that have the gate, and whose condition is True: a number, a percentage (rounded down, one at the
	// least) or all. 1 unless told otherwise.
	Count experiment.Count `json:"count"`
	// Where narrows which pods of the target may be chosen.
	Where *target.Where `json:"where,omitempty"`
	// Gate is the type of the condition; the first in the alphabet of the pod's gates unless told otherwise.
	Gate string `json:"gate,omitempty"`
}

// Check looks at the conditions of the choice.
func (f *PodUnready) Check(c *experiment.Check) { f.Where.Check(c, "where") }

// Plan closes the gates of the chosen pods side by side.
func (f *PodUnready) Plan(ctx context.Context, s Scope) ([]Change, error) {
	live, err := candidates(ctx, s, f.Where)
	if err != nil {
		return nil, err
	}
	var open []*cluster.Pod
	gates := map[string]bool{}
	for _, p := range live {
		for gate := range p.Gates {
			gates[gate] = true
		}
		if f.gate(p) != "" {
			open = append(open, p)
		}
	}
	switch known := slices.Sorted(maps.Keys(gates)); {
	case len(known) == 0:
		return nil, &target.Refusal{Reason: fmt.Sprintf("the pods of %s have no readiness gates (spec.readinessGates), without which nobody but their kubelet says whether they are ready: endpointRemove takes them out of a Service by a label", s.Workload)}
	case f.Gate != "" && !gates[f.Gate]:
		return nil, &target.Refusal{Reason: fmt.Sprintf("the pods of %s have no readiness gate %s, but %s", s.Workload, f.Gate, strings.Join(known, ", "))}
	case len(open) == 0:
		return nil, &target.Refusal{Reason: fmt.Sprintf("no pod of %s has a readiness gate whose condition is True, and so none can be made unready by it", s.Workload)}
	}
	var changes []Change
	for _, pod := range target.Pick(s.Draw, open, f.Count.Of(len(open)), func(p *cluster.Pod) string { return string(p.UID) }) {
		gate := f.gate(pod)
		changes = append(changes, Change{
			ID: "unready-" + pod.Name, What: fmt.Sprintf("set the condition %s to False, without which the pod is not ready", gate),
			Object: podObject(pod), Removes: []types.UID{pod.UID},
			Edit: &Edit{Subresource: "status", Fields: []Field{{
				Path:     []string{"status", "conditions", Element("type", gate), "status"},
				Original: mustJSON(corev1.ConditionTrue), Value: mustJSON(corev1.ConditionFalse),
			}}},
		})
	}
	return changes, nil
}

// gate is the one of the pod's that is closed; empty where none that could be is open.
func (f *PodUnready) gate(p *cluster.Pod) string {
	for _, gate := range slices.Sorted(maps.Keys(p.Gates)) {
		if (f.Gate == "" || f.Gate == gate) && p.Gates[gate] == corev1.ConditionTrue {
			return gate
		}
	}
	return ""
}

// Needs are those of edits of the status of pods.
func (f *PodUnready) Needs(s access.Scope) []access.Need {
	return subresourceEdits(pods, "status", s.Target.Namespace, "", "close the readiness gate of the chosen pods, and open it again")
}
