package inject

import (
	"context"
	"fmt"
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "memoryStress",
	Summary: "Holds memory in pods of the target, by an agent inside of them that ends by itself.",
	Example: `
- name: little-memory
  memoryStress: {count: 1, memory: 64Mi}
  for: 30s
`,
	New: func() Fault {
		return &MemoryStress{agentParameters: agentParameters{Count: experiment.CountOf(1)}}
	},
})

// MemoryStress holds memory in an ephemeral container of the chosen pods. Where all containers of a pod have a limit of memory,
// the limits together are the pod's; beyond it the kernel ends a process of the pod, which may be the agent itself: then the
// fault is not proved any more.
type MemoryStress struct {
	agentParameters
	// Memory is how much, as Kubernetes writes it: 64Mi.
	Memory string `json:"memory"`
}

// Check wants a quantity of memory.
func (f *MemoryStress) Check(c *experiment.Check) {
	f.check(c)
	if q, err := resource.ParseQuantity(f.Memory); err != nil || q.Value() < 1<<20 {
		c.Fail("memory", "%q is no amount of memory to hold: expected 1Mi or more, such as 64Mi", f.Memory)
	}
}

// Plan runs an agent in the chosen pods.
func (f *MemoryStress) Plan(ctx context.Context, s Scope) ([]Change, error) {
	q, err := resource.ParseQuantity(f.Memory)
	if err != nil {
		return nil, fmt.Errorf("memory: %w", err)
	}
	return f.plan(ctx, s, fmt.Sprintf("hold %s of memory inside of the pod", q.String()), "memory", "--bytes", strconv.FormatInt(q.Value(), 10))
}

// Needs are those of agents in the target's namespace.
func (f *MemoryStress) Needs(s access.Scope) []access.Need { return agents(s.Target.Namespace) }
