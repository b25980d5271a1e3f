package inject

import (
	"context"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "nodeCordon",
	Summary: "Cordons nodes, so that no new pods are scheduled to them; their prior state comes back.",
	Example: `
- name: no-new-pods
  nodeCordon: {count: 1, hosting: target}
`,
	New: func() Fault { return &NodeCordon{} },
})

// NodeCordon cordons nodes, as kubectl cordon does. The pods on them stay. A node that is cordoned already is left as it is, and
// stays so. It goes well beside a fault that takes pods away: they have to find room elsewhere.
type NodeCordon struct{ NodeChoice }

// Plan cordons the nodes side by side.
func (f *NodeCordon) Plan(ctx context.Context, s Scope) ([]Change, error) {
	chosen, err := f.choose(ctx, s)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for i := range chosen {
		if !chosen[i].Spec.Unschedulable {
			changes = append(changes, cordon(&chosen[i]))
		}
	}
	if len(changes) == 0 {
		return nil, &target.Refusal{Reason: "all of the nodes named are cordoned already, and so nothing would change: name others (nodes)"}
	}
	return changes, nil
}

// Needs are those of edits of nodes; where none is named, the pods are listed to choose one that runs some.
func (f *NodeCordon) Needs(s access.Scope) []access.Need {
	return append(access.Needs("see which nodes run the target", access.Object{Resource: pods.Resource, Namespace: s.Target.Namespace}, "list"),
		f.needs("cordon the node, and put it back")...)
}
