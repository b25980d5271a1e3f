package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/chaosctl/chaosctl/pkg/access"
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

// maxCost bounds what a condition may compute, in CEL's own units.
const maxCost = 1_000_000

func compile(expression string) (cel.Program, error) {
	env, err := cel.NewEnv(cel.Variable("object", cel.DynType))
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(expression)
	if issues != nil && issues.Err() != nil {
		var causes []string
		for _, e := range issues.Errors() {
			causes = append(causes, fmt.Sprintf("character %d: %s", e.Location.Column()+1, e.Message))
		}
		return nil, errors.New(strings.Join(causes, "; "))
	}
	if t := ast.OutputType(); t != cel.BoolType && t != cel.DynType {
		return nil, fmt.Errorf("the condition gives %s: expected a true or false", t)
	}
	return env.Program(ast, cel.CostLimit(maxCost))
}

// Measure reads the object and evaluates the condition. A field that the object does not have means that the condition
// does not hold: controllers leave out what is zero.
func (p *Kubernetes) Measure(ctx context.Context, w World) error {
	program, err := compile(p.CEL)
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
	result, _, err := program.ContextEval(ctx, map[string]any{"object": object.Object})
	if err != nil {
		if strings.Contains(err.Error(), "no such key") {
			return fmt.Errorf("the condition does not hold: %w", err)
		}
		return unknown("%w", err)
	}
	holds, ok := result.Value().(bool)
	if !ok {
		return unknown("the condition gave %v, not true or false", result.Value())
	}
	if !holds {
		return fmt.Errorf("%s does not hold for %s", p.CEL, p.Resource)
	}
	return nil
}
