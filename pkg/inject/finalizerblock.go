package inject

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "finalizerBlock",
	Summary: "Adds a finalizer to pods of the target, or to an object, so that it does not go when it is deleted; the finalizer is taken away again.",
	Example: `
- name: stuck-terminating
  finalizerBlock: {count: 1, delete: true}
  for: 30s
- name: undeletable
  at: 1m
  finalizerBlock: {object: service/web}
`,
	New: func() Fault { return &FinalizerBlock{Finalizer: "chaosctl.dev/hold"} },
})

// FinalizerBlock adds a finalizer that nobody looks after. What is deleted meanwhile stays, on its way out, until the fault is
// over, and then goes. A fault beside it that takes the same pods away, such as podKill, is unproved as long as they
// stay; delete is for that.
type FinalizerBlock struct {
	// Count is how many pods: a number, a percentage (rounded down, one at the least) or all. 1 unless told otherwise.
	Count experiment.Count `json:"count,omitzero"`
	// Where narrows which pods of the target may be chosen.
	Where *target.Where `json:"where,omitempty"`
	// Object is kind/name in the target's namespace, such as service/web or persistentvolumeclaim/data; it stands in place of
	// pods.
	Object string `json:"object,omitempty" form:"reference" excludes:"count,where"`
	// Delete deletes the pods, once they have the finalizer, so that they stay on their way out. Their deletion is not undone:
	// they go when the fault is over.
	Delete bool `json:"delete,omitempty"`
	// Finalizer is its name. chaosctl.dev/hold unless told otherwise.
	Finalizer string `json:"finalizer"`
}

// Check refuses an object beside pods, and a name that is none of a finalizer.
func (f *FinalizerBlock) Check(c *experiment.Check) {
	f.Where.Check(c, "where")
	if f.Object != "" {
		if kind, name, ok := strings.Cut(f.Object, "/"); !ok || kind == "" || name == "" {
			c.Fail("object", "%q is not kind/name: expected something like service/web", f.Object)
		}
		if (f.Count != experiment.Count{} || f.Where != nil) {
			c.Fail("object", "an object is named, so nothing is left to choose by count or where: leave one of the two out")
		}
		if f.Delete {
			c.Fail("delete", "only pods are deleted, since their controller replaces them: leave object out")
		}
	}
	// That of the core is the server's own, and it knows those without a domain that there are.
	if !strings.Contains(f.Finalizer, "/") || len(validation.IsQualifiedName(f.Finalizer)) > 0 {
		c.Fail("finalizer", "%q is no name of a finalizer: expected domain/name, such as example.com/hold", f.Finalizer)
	}
}

// Plan adds the finalizer, then deletes.
func (f *FinalizerBlock) Plan(ctx context.Context, s Scope) ([]Change, error) {
	if f.Object != "" {
		o, named, err := s.object(ctx, f.Object)
		switch {
		case err != nil:
			return nil, err
		case o.GetDeletionTimestamp() != nil:
			return nil, &target.Refusal{Reason: fmt.Sprintf("%s %s is on its way out already, when Kubernetes takes no new finalizers", named.Kind, named.Name)}
		case slices.Contains(o.GetFinalizers(), f.Finalizer):
			return nil, &target.Refusal{Reason: fmt.Sprintf("%s %s has the finalizer %s already", named.Kind, named.Name, f.Finalizer)}
		}
		return []Change{f.hold(named)}, nil
	}
	victims, err := f.victims(ctx, s)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, pod := range victims {
		changes = append(changes, f.hold(podObject(pod)))
	}
	if !f.Delete {
		return changes, nil
	}
	for _, pod := range victims {
		changes = append(changes, Change{
			ID: "delete-" + pod.Name, Stage: 1, Object: podObject(pod), What: "delete the pod, which stays on its way out",
			Delete: &Delete{Held: true},
		})
	}
	return changes, nil
}

// victims leave out the pods that have the finalizer, from an injection before.
func (f *FinalizerBlock) victims(ctx context.Context, s Scope) ([]*cluster.Pod, error) {
	all, err := candidates(ctx, s, f.Where)
	if err != nil {
		return nil, err
	}
	free := slices.DeleteFunc(all, func(p *cluster.Pod) bool { return slices.Contains(p.Finalizers, f.Finalizer) })
	if len(free) == 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("all pods of %s that may be chosen have the finalizer %s already", s.Workload, f.Finalizer)}
	}
	count := f.Count
	if count == (experiment.Count{}) {
		count = experiment.CountOf(1)
	}
	return target.Pick(s.Draw, free, count.Of(len(free)), func(p *cluster.Pod) string { return string(p.UID) }), nil
}

func (f *FinalizerBlock) hold(o Object) Change {
	return Change{
		ID: "hold-" + strings.ToLower(o.Kind) + "-" + o.Name, What: "add the finalizer " + f.Finalizer, Object: o,
		Edit: &Edit{Fields: []Field{{Path: []string{"metadata", "finalizers", Element("", f.Finalizer)}, Value: mustJSON(f.Finalizer)}}},
	}
}

// Needs are those of edits of the object, or of the chosen pods.
func (f *FinalizerBlock) Needs(s access.Scope) []access.Need {
	const why = "add the finalizer, and take it away"
	if f.Object != "" {
		return objectEdits(s, f.Object, why)
	}
	needs := edits(pods, s.Target.Namespace, "", why)
	if f.Delete {
		needs = append(needs, deletions(s.Target.Namespace)...)
	}
	return needs
}
