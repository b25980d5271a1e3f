package inject

import (
	"context"
	"fmt"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "rolloutRestart",
	Summary: "Replaces all pods of the target by a rollout, as its own strategy has it; the undo is another rollout.",
	Example: `
- name: restart-under-load
  rolloutRestart: {}
`,
	New: func() Fault { return &RolloutRestart{} },
})

// RolloutRestart replaces all pods of the target, as kubectl rollout restart does. A workload that is well loses no
// request by it. Taking the annotation back is a rollout too: with a duration that lets the first one end, both are whole.
type RolloutRestart struct{}

// RestartAnnotation on a pod template makes its controller roll out new pods; removing it rolls back.
const RestartAnnotation = "chaosctl.dev/restart"

// Plan annotates the template.
func (f *RolloutRestart) Plan(ctx context.Context, s Scope) ([]Change, error) {
	if err := canRollOut(s.Workload); err != nil {
		return nil, err
	}
	field := restartField(s.Workload, s.Draw)
	if string(field.Original) == string(field.Value) {
		return nil, &target.Refusal{Reason: fmt.Sprintf("%s bears the annotation of this restart already: run with another seed", s.Workload)}
	}
	return rollOut(ctx, s, "restart-", "replace all pods by a rollout", field)
}

// Needs are those of an edit of the target.
func (f *RolloutRestart) Needs(s access.Scope) []access.Need {
	return targetEdits(s, "restart the target by a rollout, and take that back")
}

// restartField annotates the pod template, by a value that is new.
func restartField(w *cluster.Workload, draw target.Draw) Field {
	field := Field{
		Path:  inTemplate("metadata", "annotations", RestartAnnotation),
		Value: mustJSON(fmt.Sprintf("%x-%s", draw.Seed, draw.Label)),
	}
	if prior, ok := w.Template.Annotations[RestartAnnotation]; ok {
		field.Original = mustJSON(prior)
	}
	return field
}

// restartAfter restarts a workload once the change of that id is made. It is undone after that one, so that the pods of the
// rollback start with what is sound.
func restartAfter(ctx context.Context, s Scope, w *cluster.Workload, change string) (Change, error) {
	c := onWorkload(w, "restart-"+strings.ToLower(w.Kind)+"-", "restart the consumers by a rollout", restartField(w, s.Draw))
	c.Stage, c.UndoAfter = 1, change
	return c, countLoss(ctx, s, w, &c)
}
