package inject

import (
	"context"
	"fmt"
	"slices"

	"github.com/chaosctl/chaosctl/pkg/access"
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
  for: 30s
- name: half
  at: 80s
  scale: {by: -50%}
`,
	New: func() Fault { return &Scale{} },
})

// Scale sets the number of replicas of the target, which is to be a deployment, a statefulset or a replicaset. Percentages
// are of the replicas that it asks for; what they change is rounded down, and is one at the least.
type Scale struct {
	// To is the number of replicas, or the percentage that stays: 150% are half as many again.
	To *experiment.IntOrPercent `json:"to,omitempty"`
	// By is how many are added, or taken away where it is negative.
	By *experiment.IntOrPercent `json:"by,omitempty"`
}

// Check wants one of the two ways to say how many.
func (f *Scale) Check(c *experiment.Check) {
	switch {
	case f.To == nil && f.By == nil:
		c.Fail("", "scale says no number: expected to or by")
	case f.To != nil && f.By != nil:
		c.Fail("by", "to and by exclude each other: expected one")
	case f.To != nil && f.To.Number < 0, f.To != nil && f.To.Percent != nil && *f.To.Percent < 0:
		c.Fail("to", "%s is no number of replicas: expected 0 or more", f.To)
	case f.To != nil && f.To.Percent != nil && *f.To.Percent == 100:
		c.Fail("to", "100%% changes nothing: expected another percentage")
	case f.By != nil && f.By.Number == 0 && (f.By.Percent == nil || *f.By.Percent == 0):
		c.Fail("by", "%s changes nothing: expected another number", f.By)
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
	c, err := rescaled(ctx, s, to)
	if err != nil {
		return nil, err
	}
	return []Change{c}, nil
}

// rescaled sets the number of replicas of the target.
func rescaled(ctx context.Context, s Scope, to int) (Change, error) {
	w := s.Workload
	now := w.Status.Desired
	c := onWorkload(w, "scale-", fmt.Sprintf("set the number of replicas from %d to %d", now, to), Field{
		Path: []string{"spec", "replicas"}, Original: mustJSON(now), Value: mustJSON(to),
	})
	if to < now {
		pods, err := livePods(ctx, s)
		if err != nil {
			return Change{}, err
		}
		c.Removes = leaving(w, pods, now-to)
	}
	return c, nil
}

func (f *Scale) replicas(now int) int {
	switch {
	case f.To != nil && f.To.Percent != nil:
		return now + share(*f.To.Percent-100, now)
	case f.To != nil:
		return f.To.Number
	case f.By.Percent != nil:
		return max(0, now+share(*f.By.Percent, now))
	}
	return max(0, now+f.By.Number)
}

// share is a percentage of a number, rounded towards 0, but one at the least.
func share(percent, of int) int {
	n := percent * of / 100
	switch {
	case n != 0 || of == 0:
		return n
	case percent < 0:
		return -1
	}
	return 1
}

// Needs are those of an edit of the target.
func (f *Scale) Needs(s access.Scope) []access.Need {
	return targetEdits(s, "change the number of replicas, and put it back")
}
