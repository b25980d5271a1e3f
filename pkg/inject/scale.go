package inject

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "scale",
	Summary: "Changes the number of replicas of the target; the prior number comes back.",
	Example: `
- name: fewer
  scale: {to: 2}
  for: 30s
- name: more
  at: 40s
  scale: {by: 3}
`,
	New: func() Fault { return &Scale{} },
})

// Scale sets the number of replicas of the target, which is to be a deployment, a statefulset or a replicaset.
type Scale struct {
	// To is the number of replicas.
	To *int `json:"to,omitempty"`
	// By is how many are added, or taken away where it is negative.
	By *int `json:"by,omitempty"`
}

// Check wants one of the two ways to say how many.
func (f *Scale) Check(c *experiment.Check) {
	switch {
	case f.To == nil && f.By == nil:
		c.Fail("", "scale says no number: expected to or by")
	case f.To != nil && f.By != nil:
		c.Fail("by", "to and by exclude each other: expected one")
	case f.To != nil && *f.To < 0:
		c.Fail("to", "%d is no number of replicas: expected 0 or more", *f.To)
	case f.By != nil && *f.By == 0:
		c.Fail("by", "0 changes nothing: expected another number")
	}
}

// scalable are the kinds that have a number of replicas of their own.
var scalable = []string{"Deployment", "StatefulSet", "ReplicaSet"}

// Plan sets the number. Where that takes pods away, the guard counts them; which ones is their controller's choice.
func (f *Scale) Plan(ctx context.Context, s Scope) ([]Change, error) {
	w := s.Workload
	if !slices.Contains(scalable, w.Kind) {
		return nil, &target.Refusal{Reason: fmt.Sprintf("%s has no number of replicas to set: expected a deployment, a statefulset or a replicaset as the target", subject(w))}
	}
	now := w.Status.Desired
	to := f.replicas(now)
	if to == now {
		return nil, &target.Refusal{Reason: fmt.Sprintf("%s has %d replicas already, so nothing would change", subject(w), now)}
	}
	c := onWorkload(w, "scale-", fmt.Sprintf("set the number of replicas from %d to %d", now, to), Field{
		Path: []string{"spec", "replicas"}, Original: mustJSON(now), Value: mustJSON(to),
	})
	if to < now {
		pods, err := livePods(ctx, s)
		if err != nil {
			return nil, err
		}
		// Controllers take those first that are not ready.
		slices.SortStableFunc(pods, func(a, b *cluster.Pod) int { return rank(a) - rank(b) })
		for _, pod := range pods[:min(now-to, len(pods))] {
			c.Removes = append(c.Removes, pod.UID)
		}
	}
	return []Change{c}, nil
}

func (f *Scale) replicas(now int) int {
	if f.To != nil {
		return *f.To
	}
	return max(0, now+*f.By)
}

func rank(p *cluster.Pod) int {
	if p.Ready {
		return 1
	}
	return 0
}

// Needs are those of an edit of the target.
func (f *Scale) Needs(s access.Scope) []access.Need {
	return targetEdits(s, "change the number of replicas, and put it back")
}

// subject names a workload in a sentence.
func subject(w *cluster.Workload) string {
	if w.Kind == "" {
		return "a target that is a selector"
	}
	return w.String()
}

// onWorkload is an edit of the target itself.
func onWorkload(w *cluster.Workload, id, what string, fields ...Field) Change {
	return Change{
		ID: id + w.Name, What: what,
		Object: Object{Resource: w.Resource, Kind: w.Kind, Namespace: w.Namespace, Name: w.Name, UID: types.UID(w.UID)},
		Edit:   &Edit{Fields: fields},
	}
}

// targetEdits are the needs of edits of the target; none where that is a selector, which no such fault accepts.
func targetEdits(s access.Scope, why string) []access.Need {
	kind, name := s.Target.WorkloadKind()
	if kind == "" {
		kind, name = "deployment", "" // the plan will refuse it, and say why
	}
	return edits(cluster.ResourceOf(kind), s.Target.Namespace, name, why)
}
