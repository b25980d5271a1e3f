package inject

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "serviceSelector",
	Summary: "Makes a Service select other pods than the target's, or none; its prior selector comes back.",
	Example: `
- name: selects-nothing
  serviceSelector: {service: web}
  for: 20s
- name: selects-another-version
  at: 1m
  serviceSelector: {service: web, selector: {app: web, version: v2}}
`,
	New: func() Fault { return &ServiceSelector{} },
})

// ServiceSelector changes the selector of a Service that selects pods of the target. All of them are without it, which counts
// as the loss of all of them: the guards are to allow that.
type ServiceSelector struct {
	// Service is its name; the only one that selects pods of the target unless told otherwise.
	Service string `json:"service,omitempty"`
	// Selector is the whole of what the Service selects by instead. Unless told otherwise one of its labels gets a value that no pod has.
	Selector map[string]string `json:"selector,omitempty"`
}

// selectsNothing is the value of a label that no pod has.
const selectsNothing = "selects-nothing"

// Check refuses what can be no label.
func (f *ServiceSelector) Check(c *experiment.Check) {
	for _, label := range slices.Sorted(maps.Keys(f.Selector)) {
		if len(validation.IsQualifiedName(label)) > 0 {
			c.Fail("selector", "%q is not the name of a label: expected something like app or example.com/app", label)
		}
		if len(validation.IsValidLabelValue(f.Selector[label])) > 0 {
			c.Fail("selector", "%q is not the value of a label: expected up to 63 letters, digits, -, _ and .", f.Selector[label])
		}
	}
}

// Plan changes the labels of the selector that are to be others, one by one.
func (f *ServiceSelector) Plan(ctx context.Context, s Scope) ([]Change, error) {
	found, err := serviceOf(ctx, s, f.Service)
	if err != nil {
		return nil, err
	}
	service, was := found.chosen, labels.Set(found.chosen.Spec.Selector)
	will := labels.Set(f.Selector)
	if len(will) == 0 {
		will = maps.Clone(was)
		will[keysOf(service)[0]] = selectsNothing
	}
	if labels.Equals(was, will) {
		return nil, &target.Refusal{Reason: fmt.Sprintf("Service %s selects by %s already", service.Name, was)}
	}
	others, err := s.Pods(ctx, service.Namespace, will.AsSelector())
	if err != nil {
		return nil, err
	}
	others = staying(others)
	if len(f.Selector) == 0 && len(others) > 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("there are pods with the labels %s, which is meant to select nothing: name other ones (selector)", will)}
	}
	var lost []types.UID
	for _, p := range found.inside {
		if !will.AsSelector().Matches(labels.Set(p.Labels)) {
			lost = append(lost, p.UID)
		}
	}
	return []Change{{
		ID: "select-" + service.Name, What: fmt.Sprintf("select by %s (pods now: %d) in place of %s", will, len(others), was), Removes: lost,
		Object: Object{Resource: services, Kind: "Service", Namespace: service.Namespace, Name: service.Name, UID: service.UID},
		Edit:   &Edit{Fields: selectorFields(was, will)},
	}}, nil
}

// selectorFields are those by which two selectors differ, sorted.
func selectorFields(was, will labels.Set) []Field {
	both := maps.Clone(was)
	maps.Copy(both, will)
	var fields []Field
	for _, label := range slices.Sorted(maps.Keys(both)) {
		field := Field{Path: []string{"spec", "selector", label}}
		before, had := was[label]
		after, has := will[label]
		if had == has && before == after {
			continue
		}
		if had {
			field.Original = mustJSON(before)
		}
		if has {
			field.Value = mustJSON(after)
		}
		fields = append(fields, field)
	}
	return fields
}

// Needs are those of an edit of a Service, whose name only the cluster knows where the file does not say it.
func (f *ServiceSelector) Needs(s access.Scope) []access.Need {
	return append(findService(s), edits(services, s.Target.Namespace, f.Service, "change the Service's selector, and put it back")...)
}
