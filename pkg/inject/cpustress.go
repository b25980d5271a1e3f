package inject

import (
	"context"
	"fmt"
	"strconv"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "cpuStress",
	Summary: "Takes processor time away from pods of the target, by an agent inside of them that ends by itself.",
	Example: `
- name: busy-neighbour
  cpuStress: {count: 1, workers: 2}
  for: 30s
`,
	New: func() Fault {
		return &CPUStress{agentParameters: agentParameters{Count: experiment.CountOf(1)}, Workers: 1, Load: 1}
	},
})

// CPUStress keeps processors busy in an ephemeral container of the chosen pods. Where all containers of a pod have a limit of
// processor time, the limits together are the pod's, and the agent competes with the pod's own containers for it; where one has
// none, it competes with everything on the node, by no more than an equal share.
type CPUStress struct {
	agentParameters
	// Workers is how many processors are to be kept busy. 1 unless told otherwise.
	Workers int `json:"workers" form:"one-or-more"`
	// Load is the share of its time that each of them is busy. 100% unless told otherwise.
	Load experiment.Percent `json:"load"`
}

// maxWorkers is more than any node has processors.
const maxWorkers = 1024

// Check refuses what keeps nothing busy.
func (f *CPUStress) Check(c *experiment.Check) {
	f.check(c)
	if f.Workers < 1 || f.Workers > maxWorkers {
		c.Fail("workers", "%d is no number of processors to keep busy: expected 1 to %d", f.Workers, maxWorkers)
	}
	if f.Load == 0 {
		c.Fail("load", "0%% keeps no processor busy: expected more")
	}
}

// Plan runs an agent in the chosen pods.
func (f *CPUStress) Plan(ctx context.Context, s Scope) ([]Change, error) {
	what := fmt.Sprintf("keep %d processors busy inside of the pod, %s of the time", f.Workers, f.Load)
	return f.plan(ctx, s, what, "cpu", "--workers", strconv.Itoa(f.Workers), "--load", strconv.FormatFloat(float64(f.Load)*100, 'f', -1, 64))
}

// Needs are those of agents in the target's namespace.
func (f *CPUStress) Needs(s access.Scope) []access.Need { return agents(s.Target.Namespace) }
