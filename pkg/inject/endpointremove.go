package inject

import (
	"cmp"
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
	Name:    "endpointRemove",
	Summary: "Takes pods out of their Service by changing a label that it selects by; they live on, and the label comes back.",
	Example: `
- name: label-drift
  endpointRemove: {count: 1, service: web}
  for: 20s
`,
	New: func() Fault { return &EndpointRemove{Count: experiment.CountOf(1)} },
})

// EndpointRemove changes a label of pods of the target, so that a Service does not select them any more. They run on, and get
// no new connections by that Service. The label is one by which the pods do not belong to their controller; where the Service selects
// by no such label, the fault is refused unless orphan is true.
type EndpointRemove struct {
	// Count is how many of the target's pods that the Service selects: a number, a percentage (rounded down, one at the least)
	// or all. 1 unless told otherwise.
	Count experiment.Count `json:"count"`
	// Where narrows which of them may be chosen.
	Where *target.Where `json:"where,omitempty"`
	// Service is the name of the one that they leave; the only one that selects them unless told otherwise.
	Service string `json:"service,omitempty"`
	// Label is the name of the label that is changed, by which the Service selects. Unless told otherwise it is the first in the
	// alphabet of those by which the pods do not belong to their controller.
	Label string `json:"label,omitempty"`
	// Orphan agrees to change a label by which the pods do belong to their controller, if there is no other. The controller
	// lets go of such a pod and makes another in its place, a StatefulSet once the name is free. With the label back it takes
	// the pod on again, and removes whichever is one too many.
	Orphan bool `json:"orphan,omitempty"`
}

// unselected is what the label is changed to.
const unselected = "removed-by-chaosctl"

// Check looks at the conditions of the choice.
func (f *EndpointRemove) Check(c *experiment.Check) {
	f.Where.Check(c, "where")
	if slices.Contains(controllersLabels, f.Label) {
		c.Fail("label", "%s is set by the controllers of pods, which would set it back or replace the pod", f.Label)
	}
}

// Plan changes the label of the chosen pods side by side. A pod that is out of the Service counts as affected, though it is
// ready: those that were taken out before do too, so that what is taken out one by one adds up.
func (f *EndpointRemove) Plan(ctx context.Context, s Scope) ([]Change, error) {
	found, err := serviceOf(ctx, s, f.Service)
	if err != nil {
		return nil, err
	}
	if _, ok := found.chosen.Spec.Selector[f.Label]; f.Label != "" && !ok {
		return nil, &target.Refusal{Reason: fmt.Sprintf("Service %s does not select by the label %s, but by %s", found.chosen.Name, f.Label, strings.Join(keysOf(found.chosen), ", "))}
	}
	among, err := candidates(ctx, s, f.Where)
	if err != nil {
		return nil, err
	}
	among = slices.DeleteFunc(among, func(p *cluster.Pod) bool { return !selects(found.chosen, p) })
	if len(among) == 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("none of the pods of %s that Service %s selects may be chosen: they do not meet the conditions of where, or have opted out (annotation %s)",
			s.Workload, found.chosen.Name, cluster.ProtectAnnotation)}
	}
	owners, err := ownersOf(ctx, s)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, pod := range target.Pick(s.Draw, among, f.Count.Of(len(among)), func(p *cluster.Pod) string { return string(p.UID) }) {
		change, err := f.remove(pod, found, owners)
		if err != nil {
			return nil, err
		}
		changes = append(changes, change)
	}
	for _, pod := range found.outside {
		if slices.ContainsFunc(keysOf(found.chosen), func(label string) bool { return pod.Labels[label] == unselected }) {
			changes[0].Removes = append(changes[0].Removes, pod.UID)
		}
	}
	return changes, nil
}

// remove changes the label of one pod.
func (f *EndpointRemove) remove(pod *cluster.Pod, found *selecting, owners *owners) (Change, error) {
	label, err := f.label(pod, found.chosen, owners)
	if err != nil {
		return Change{}, err
	}
	what := fmt.Sprintf("change the label %s, so that Service %s does not select the pod", label, found.chosen.Name)
	for i := range found.others {
		if _, ok := found.others[i].Spec.Selector[label]; ok && selects(&found.others[i], pod) {
			what += ", nor Service " + found.others[i].Name
		}
	}
	object := podObject(pod)
	switch held := owners.hold(pod, label); {
	case held && object.Owner == "":
		what += "; the target does not select it any more either"
	case held:
		what += "; it does not belong to " + object.Owner + " any more, which replaces it"
	}
	return Change{
		ID: "unlabel-" + pod.Name, What: what, Object: object, Removes: []types.UID{pod.UID},
		Edit: &Edit{Fields: []Field{{
			Path: []string{"metadata", "labels", label}, Original: mustJSON(pod.Labels[label]), Value: mustJSON(unselected),
		}}},
	}, nil
}

// label chooses the one that is changed.
func (f *EndpointRemove) label(pod *cluster.Pod, service *corev1.Service, owners *owners) (string, error) {
	var held []string
	for _, label := range keysOf(service) {
		switch {
		case f.Label != "" && f.Label != label, slices.Contains(controllersLabels, label):
		case owners.hold(pod, label):
			held = append(held, label)
		default:
			return label, nil
		}
	}
	by := strings.Join(keysOf(service), ", ")
	switch {
	case len(held) == 0:
		return "", &target.Refusal{Reason: fmt.Sprintf("Service %s selects pod %s by %s, which its controller would set back", service.Name, pod.Name, by)}
	case !f.Orphan:
		return "", &target.Refusal{Reason: fmt.Sprintf("by the label %s, pod %s belongs to %s too, which would let go of it and make another in its place: give the pods one more label, and let Service %s select by it, or agree by orphan: true",
			held[0], pod.Name, cmp.Or(podObject(pod).Owner, "the target"), service.Name)}
	}
	return held[0], nil
}

// keysOf are the labels by which a Service selects, sorted.
func keysOf(service *corev1.Service) []string { return slices.Sorted(maps.Keys(service.Spec.Selector)) }

// Needs are those of edits of pods, and of finding the Service and, for a target that is a selector, the pods' owners.
func (f *EndpointRemove) Needs(s access.Scope) []access.Need {
	needs := append(findService(s), edits(pods, s.Target.Namespace, "", "change a label of the chosen pods, and put it back")...)
	if kind, _ := s.Target.WorkloadKind(); kind != "" {
		return needs
	}
	for _, kind := range []string{"deployment", "statefulset", "daemonset"} {
		of := cluster.ResourceOf(kind)
		needs = append(needs, access.Needs("see by which labels pods belong to their controllers", access.Object{Group: of.Group, Resource: of.Resource, Namespace: s.Target.Namespace}, "list")...)
	}
	return needs
}
