package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/condition"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "kubernetes",
	Summary: "A CEL condition holds for an object of the target's namespace.",
	Example: `
- name: ready
  kubernetes: {resource: deployment/web, cel: object.status.readyReplicas >= 3}
`,
	New: func() Probe { return &Kubernetes{} },
})

// Kubernetes evaluates a condition over an object.
type Kubernetes struct {
	// Resource is kind/name: deployment/web, or poddisruptionbudget/web.
	Resource string `json:"resource" form:"reference"`
	// CEL is a condition over `object`, such as "object.status.readyReplicas >= 3".
	CEL string `json:"cel"`
}

// Check compiles the condition.
func (p *Kubernetes) Check(c *experiment.Check) {
	if kind, name, ok := strings.Cut(p.Resource, "/"); !ok || kind == "" || name == "" {
		c.Fail("resource", "%q is not kind/name: expected something like deployment/web", p.Resource)
	}
	if _, err := compile(p.CEL); err != nil {
		c.Fail("cel", "%v", err)
	}
}

// Needs is to read the object. Of a kind that nobody knows nothing can be said.
func (p *Kubernetes) Needs(s access.Scope) []access.Need {
	kind, name, _ := strings.Cut(p.Resource, "/")
	resource, namespaced, err := s.Kinds.Resource(kind)
	if err != nil {
		return nil
	}
	on := access.Object{Group: resource.Group, Resource: resource.Resource, Name: name}
	if namespaced {
		on.Namespace = s.Target.Namespace
	}
	return access.Needs("read what a probe looks at", on, "get")
}

func compile(expression string) (*condition.Condition, error) {
	return condition.Compile(expression, "object")
}

// Measure reads the object and evaluates the condition. A field that the object does not have means that the condition
// does not hold: controllers leave out what is zero.
func (p *Kubernetes) Measure(ctx context.Context, w World) error {
	compiled, err := compile(p.CEL)
	if err != nil {
		return unknown("%w", err)
	}
	object, err := w.Object(ctx, p.Resource)
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("%s does not exist", p.Resource)
	}
	if err != nil {
		return unknown("%w", err)
	}
	holds, err := compiled.Holds(ctx, map[string]any{"object": object.Object})
	_, missing := errors.AsType[*condition.NoFieldError](err)
	switch {
	case missing:
		return fmt.Errorf("the condition does not hold: %w", err)
	case err != nil:
		return unknown("%w", err)
	case !holds:
		return fmt.Errorf("%s does not hold for %s", p.CEL, p.Resource)
	}
	return nil
}
