package inject

import (
	"context"
	"time"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "nodeDrain",
	Summary: "Cordons nodes and evicts their pods, heeding PodDisruptionBudgets; the nodes' prior state comes back.",
	Example: `
- name: drain-a-host
  nodeDrain: {count: 1, hosting: target}
- name: drain-by-name
  at: 1m
  nodeDrain: {nodes: [node3], timeout: 1m}
`,
	New: func() Fault {
		return &NodeDrain{Timeout: experiment.Duration(2 * time.Minute)}
	},
})

// NodeDrain cordons nodes and evicts their pods, as kubectl drain does. Pods of DaemonSets, mirror pods and those of
// protected namespaces stay (guard.allowProtected evicts the last too). Pods without a controller refuse the drain.
type NodeDrain struct {
	NodeChoice
	// Timeout is how long a budget may block each eviction; 2m unless told otherwise.
	Timeout experiment.Duration `json:"timeout"`
	// DeleteEmptyDirData agrees to lose the data of emptyDir volumes; without it such pods refuse the drain.
	DeleteEmptyDirData bool `json:"deleteEmptyDirData,omitempty"`
}

// Check looks at the choice of nodes, and refuses no time at all.
func (d *NodeDrain) Check(c *experiment.Check) {
	d.NodeChoice.Check(c)
	checkTimeout(c, d.Timeout)
}

// Plan cordons first, then evicts.
func (d *NodeDrain) Plan(ctx context.Context, s Scope) ([]Change, error) {
	chosen, err := d.choose(ctx, s)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for i := range chosen {
		node := &chosen[i]
		if !node.Spec.Unschedulable {
			changes = append(changes, cordon(node))
		}
		leaving, err := leavingNode(ctx, s, node.Name, d.DeleteEmptyDirData)
		if err != nil {
			return nil, err
		}
		for _, pod := range leaving {
			changes = append(changes, evict(pod, 1, d.Timeout, nil))
		}
	}
	return changes, nil
}

// Needs reach over all namespaces, since a node runs pods of any.
func (d *NodeDrain) Needs(access.Scope) []access.Need {
	return append(append(podsOfNodes(), d.needs("cordon the node, and put it back")...), evictions(access.Everywhere)...)
}
