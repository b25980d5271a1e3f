package inject

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// NodeChoice is how a fault chooses nodes: by name, or at random.
type NodeChoice struct {
	// Nodes are chosen by name.
	Nodes []string `json:"nodes,omitempty"`
	// Count is how many nodes are chosen at random, where none is named; 1 unless told otherwise.
	Count experiment.Count `json:"count,omitzero"`
	// Hosting narrows the choice: target means nodes that run a pod of the target, which is what is done unless told otherwise.
	Hosting Hosting `json:"hosting,omitempty"`
}

// Hosting says which nodes may be chosen at random.
type Hosting string

// What nodes may be chosen.
const (
	HostingTarget Hosting = "target"
	HostingAny    Hosting = "any"
)

// Values lists what hosting may be.
func (Hosting) Values() []string { return []string{string(HostingTarget), string(HostingAny)} }

// Check refuses nodes beside a count, and nodes that are named twice.
func (d *NodeChoice) Check(c *experiment.Check) {
	for i, name := range d.Nodes {
		if slices.Contains(d.Nodes[:i], name) {
			c.Fail(fmt.Sprintf("nodes[%d]", i), "node %q is named twice", name)
		}
	}
	if len(d.Nodes) > 0 && (d.Count != experiment.Count{} || d.Hosting != "") {
		c.Fail("nodes", "nodes are named, so nothing is left to choose by count or hosting: leave one of the two out")
	}
}

// choose gives the nodes named, cordoned ones too; or such as are not cordoned.
func (d *NodeChoice) choose(ctx context.Context, s Scope) ([]corev1.Node, error) {
	all, err := s.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	if len(d.Nodes) > 0 {
		return named(all, d.Nodes, s.Guard)
	}
	hosts, err := d.hosts(ctx, s)
	if err != nil {
		return nil, err
	}
	var candidates []corev1.Node
	for _, n := range all {
		if !controlPlane(&n) && !n.Spec.Unschedulable && (hosts == nil || hosts[n.Name]) {
			candidates = append(candidates, n)
		}
	}
	if len(candidates) == 0 {
		return nil, &target.Refusal{Reason: "no node can be chosen: all are cordoned, part of the control plane, or run no pod of the target"}
	}
	count := d.Count
	if count == (experiment.Count{}) {
		count = experiment.CountOf(1)
	}
	return target.Pick(s.Draw, candidates, count.Of(len(candidates)), func(n corev1.Node) string { return string(n.UID) }), nil
}

// controlPlane says that a node belongs to the control plane, where a fault may take the API server away.
func controlPlane(n *corev1.Node) bool {
	_, is := n.Labels["node-role.kubernetes.io/control-plane"]
	return is
}

func named(all []corev1.Node, names []string, guard experiment.Guard) ([]corev1.Node, error) {
	var chosen []corev1.Node
	for _, name := range names {
		i := slices.IndexFunc(all, func(n corev1.Node) bool { return n.Name == name })
		if i < 0 {
			return nil, &target.Refusal{Reason: fmt.Sprintf("there is no node %q", name)}
		}
		if controlPlane(&all[i]) && !guard.AllowControlPlane {
			return nil, &target.Refusal{Reason: fmt.Sprintf("node %s belongs to the control plane; guard.allowControlPlane: true opens it", name)}
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// hosts are the nodes that run the target; nil where any will do.
func (d *NodeChoice) hosts(ctx context.Context, s Scope) (map[string]bool, error) {
	if d.Hosting == HostingAny {
		return nil, nil
	}
	return hostsOf(ctx, s)
}

// hostsOf are the nodes that run the target, by name.
func hostsOf(ctx context.Context, s Scope) (map[string]bool, error) {
	live, err := livePods(ctx, s)
	if err != nil {
		return nil, err
	}
	hosts := map[string]bool{}
	for _, p := range live {
		hosts[p.Node] = true
	}
	return hosts, nil
}

// needs are those of the choice, and of edits of the nodes chosen: of any, where none is named.
func (d *NodeChoice) needs(why string) []access.Need {
	names := d.Nodes
	if len(names) == 0 {
		names = []string{""}
	}
	needs := chooseNodes()
	for _, name := range names {
		needs = append(needs, edits(nodes, "", name, why)...)
	}
	return needs
}

func chooseNodes() []access.Need {
	return access.Needs("choose the node", access.Object{Resource: nodes.Resource}, "list")
}

func onNode(node *corev1.Node, id, what string, fields ...Field) Change {
	return Change{
		ID: id + node.Name, What: what, Object: Object{Resource: nodes, Kind: "Node", Name: node.Name, UID: node.UID},
		Edit: &Edit{Fields: fields},
	}
}

func cordon(node *corev1.Node) Change {
	return onNode(node, "cordon-", "cordon the node", Field{Path: []string{"spec", "unschedulable"}, Value: mustJSON(true)})
}
