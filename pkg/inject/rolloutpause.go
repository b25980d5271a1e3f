package inject

import (
	"context"
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "rolloutPause",
	Summary: "Pauses the rollouts of a Deployment, so that changes of its template replace no pods; it is resumed in the end.",
	Example: `
- name: half-way
  at: 5s
  rolloutPause: {}
`,
	New: func() Fault { return &RolloutPause{} },
})

// RolloutPause pauses the target, which is to be a deployment, as kubectl rollout pause does. What is being rolled out hangs
// half way; pods that are lost come back all the same.
type RolloutPause struct{}

// Plan sets the field.
func (f *RolloutPause) Plan(_ context.Context, s Scope) ([]Change, error) {
	w := s.Workload
	if w.Kind != "Deployment" {
		return nil, &target.Refusal{Reason: fmt.Sprintf("%s cannot be paused: expected a deployment as the target", subject(w))}
	}
	if w.Rollout.Paused {
		return nil, &target.Refusal{Reason: fmt.Sprintf("%s is paused already", w)}
	}
	return []Change{onWorkload(w, "pause-", "pause rollouts", Field{Path: []string{"spec", "paused"}, Value: mustJSON(true)})}, nil
}

// Needs are those of an edit of the target.
func (f *RolloutPause) Needs(s access.Scope) []access.Need {
	return targetEdits(s, "pause rollouts, and resume them")
}
