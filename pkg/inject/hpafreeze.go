package inject

import (
	"context"
	"fmt"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "hpaFreeze",
	Summary: "Keeps the HorizontalPodAutoscaler of the target from scaling it; the prior limits come back.",
	Example: `
- name: no-autoscaling
  hpaFreeze: {}
`,
	New: func() Fault { return &HPAFreeze{} },
})

// HPAFreeze sets both limits of the HorizontalPodAutoscaler that scales the target to one number, so that it can choose no
// other.
type HPAFreeze struct {
	// Replicas is that number, to which the target is scaled; as many as it asks for unless told otherwise.
	Replicas *int `json:"replicas,omitempty" form:"one-or-more"`
}

// Check refuses a number that no autoscaler may have.
func (f *HPAFreeze) Check(c *experiment.Check) {
	if f.Replicas != nil && *f.Replicas < 1 {
		c.Fail("replicas", "%d is no limit of an autoscaler: expected 1 or more", *f.Replicas)
	}
}

// Plan sets the limits, and the number of replicas first where that is to be another: an autoscaler without metrics would
// not come back to the prior one by itself.
func (f *HPAFreeze) Plan(ctx context.Context, s Scope) ([]Change, error) {
	w := s.Workload
	if !slices.Contains(scalable, w.Kind) {
		return nil, &target.Refusal{Reason: fmt.Sprintf("%s has no number of replicas to freeze: expected a deployment, a statefulset or a replicaset as the target", subject(w))}
	}
	hpa, err := autoscaler(ctx, s)
	if err != nil {
		return nil, err
	}
	to := w.Status.Desired
	if to == 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("%s asks for no pods, and so its HorizontalPodAutoscaler %s does nothing", w, hpa.Name)}
	}
	if f.Replicas != nil {
		to = *f.Replicas
	}
	fields := limits(hpa, to)
	if len(fields) == 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("HorizontalPodAutoscaler %s keeps %s at %d replicas already", hpa.Name, w, to)}
	}
	freeze := Change{
		ID: "freeze-" + hpa.Name, What: fmt.Sprintf("let it keep %d replicas, no more and no fewer", to),
		Object: Object{Resource: autoscalers, Kind: "HorizontalPodAutoscaler", Namespace: hpa.Namespace, Name: hpa.Name, UID: hpa.UID},
		Edit:   &Edit{Fields: fields},
	}
	if to == w.Status.Desired {
		return []Change{freeze}, nil
	}
	scale, err := rescaled(ctx, s, to)
	if err != nil {
		return nil, err
	}
	freeze.Stage, scale.UndoAfter = 1, freeze.ID
	return []Change{scale, freeze}, nil
}

// autoscaler is the one that scales the target.
func autoscaler(ctx context.Context, s Scope) (*autoscalingv2.HorizontalPodAutoscaler, error) {
	w := s.Workload
	found, err := s.Autoscalers(ctx, w)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, &target.Refusal{Reason: fmt.Sprintf("no HorizontalPodAutoscaler in namespace %s scales %s", w.Namespace, w)}
	case len(found) > 1:
		return nil, &target.Refusal{Reason: fmt.Sprintf("HorizontalPodAutoscalers %s and %s both name %s, at which Kubernetes lets none of them act: leave one", found[0].Name, found[1].Name, w)}
	}
	return &found[0], nil
}

// limits are the fields that must change for both limits to be that number.
func limits(hpa *autoscalingv2.HorizontalPodAutoscaler, to int) []Field {
	var fields []Field
	set := func(name string, original *int32) {
		field := Field{Path: []string{"spec", name}, Value: mustJSON(to)}
		if original != nil {
			if int(*original) == to {
				return
			}
			field.Original = mustJSON(*original)
		}
		fields = append(fields, field)
	}
	set("minReplicas", hpa.Spec.MinReplicas)
	set("maxReplicas", &hpa.Spec.MaxReplicas)
	return fields
}

// Needs are those of an edit of an autoscaler, whose name only the cluster knows, and of the target.
func (f *HPAFreeze) Needs(s access.Scope) []access.Need {
	all := access.Object{Group: autoscalers.Group, Resource: autoscalers.Resource, Namespace: s.Target.Namespace}
	needs := access.Needs("find the target's autoscaler", all, "list")
	needs = append(needs, edits(autoscalers, s.Target.Namespace, "", "freeze the autoscaler, and put its limits back")...)
	if f.Replicas == nil {
		return needs
	}
	return append(needs, targetEdits(s, "change the number of replicas, and put it back")...)
}
