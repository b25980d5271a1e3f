package inject

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "badResources",
	Summary: "Rolls out requests that no node can satisfy, so that new pods are not scheduled; the prior requests come back.",
	Example: `
- name: unschedulable
  badResources: {container: web}
- name: too-much-memory
  at: 1m
  badResources: {requests: {memory: 10Ti}}
`,
	New: func() Fault { return &BadResources{Requests: map[string]string{"cpu": "1M"}} },
})

// BadResources makes one container of the target's pod template request more than any node has, which starts a rollout:
// its pods stay pending. Limits that would be less than the requests are raised too.
type BadResources struct {
	// Container is its name; the first container of the template unless told otherwise.
	Container string `json:"container,omitempty"`
	// Requests are quantities by the name of the resource: cpu, memory, ephemeral-storage, or one that nodes offer beside
	// these. A million processors unless told otherwise.
	Requests map[string]string `json:"requests"`
}

// Check wants quantities that Kubernetes can read.
func (f *BadResources) Check(c *experiment.Check) {
	if len(f.Requests) == 0 {
		c.Fail("requests", "nothing is requested: leave requests out for more processors than there are")
	}
	for _, name := range f.names() {
		if q, err := resource.ParseQuantity(f.Requests[name]); err != nil || q.Sign() <= 0 {
			c.Fail("requests."+name, "%q is no quantity to request: expected something like 500, 2500m or 10Ti", f.Requests[name])
		}
	}
}

func (f *BadResources) names() []string { return slices.Sorted(maps.Keys(f.Requests)) }

// quantities are the requests as Kubernetes reads them.
func (f *BadResources) quantities() (corev1.ResourceList, error) {
	all := corev1.ResourceList{}
	for name, text := range f.Requests {
		q, err := resource.ParseQuantity(text)
		if err != nil {
			return nil, fmt.Errorf("requests.%s: %w", name, err)
		}
		all[corev1.ResourceName(name)] = q
	}
	return all, nil
}

// Plan changes the requests in the template, and refuses those that a node could satisfy.
func (f *BadResources) Plan(ctx context.Context, s Scope) ([]Change, error) {
	w := s.Workload
	c, err := spoilt(w, f.Container)
	if err != nil {
		return nil, err
	}
	wanted, err := f.quantities()
	if err != nil {
		return nil, err
	}
	if err := exceedsNodes(ctx, s, wanted); err != nil {
		return nil, err
	}
	var fields []Field
	var texts []string
	for _, name := range f.names() {
		resource := corev1.ResourceName(name)
		quantity := wanted[resource]
		texts = append(texts, name+" "+quantity.String())
		fields = append(fields, quantityField(c, "requests", c.Resources.Requests, resource, quantity)...)
		limit, limited := c.Resources.Limits[resource]
		if limited && limit.Cmp(quantity) < 0 || !overcommitted(name) {
			fields = append(fields, quantityField(c, "limits", c.Resources.Limits, resource, quantity)...)
		}
	}
	if len(fields) == 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("container %s of %s requests %s already", c.Name, w, strings.Join(texts, ", "))}
	}
	return rollOut(ctx, s, "resources-", fmt.Sprintf("roll out container %s with a request for %s", c.Name, strings.Join(texts, ", ")), fields...)
}

// exceedsNodes refuses requests that some node could satisfy if it were empty.
func exceedsNodes(ctx context.Context, s Scope, wanted corev1.ResourceList) error {
	nodes, err := s.Nodes(ctx)
	if err != nil {
		return err
	}
	for i := range nodes {
		fits := true
		for name, quantity := range wanted {
			has := nodes[i].Status.Allocatable[name]
			fits = fits && has.Cmp(quantity) >= 0
		}
		if fits {
			return &target.Refusal{Reason: fmt.Sprintf("node %s has what is requested, so the pods could be scheduled there: request more", nodes[i].Name)}
		}
	}
	return nil
}

// quantityField sets a request or a limit; nothing where it has that value. Quantities are written as the API server
// writes them, so that the value is found again as it was written.
func quantityField(c *corev1.Container, list string, prior corev1.ResourceList, name corev1.ResourceName, quantity resource.Quantity) []Field {
	field := Field{Path: inContainer(c, "resources", list, string(name)), Value: mustJSON(&quantity)}
	if had, ok := prior[name]; ok {
		if had.Cmp(quantity) == 0 {
			return nil
		}
		field.Original = mustJSON(&had)
	}
	return []Field{field}
}

// overcommitted says that a container may have a limit above its request. For hugepages, and what nodes offer beside the
// resources of Kubernetes' own, the two are the same.
func overcommitted(name string) bool {
	return !strings.Contains(name, "/") && !strings.HasPrefix(name, corev1.ResourceHugePagesPrefix)
}

// Needs are those of an edit of the target. The nodes, whose size counts, are listed in any case.
func (f *BadResources) Needs(s access.Scope) []access.Need {
	return targetEdits(s, "roll out other requests, and put the prior ones back")
}
