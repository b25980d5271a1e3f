package inject

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
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
	// Nodes are drained by name.
	Nodes []string `json:"nodes,omitempty"`
	// Count is how many nodes are chosen at random, where none is named; 1 unless told otherwise.
	Count experiment.Count `json:"count,omitzero"`
	// Hosting narrows the choice: target means nodes that run a pod of the target, which is what is done unless told otherwise.
	Hosting Hosting `json:"hosting,omitempty"`
	// Timeout is how long a budget may block each eviction; 2m unless told otherwise.
	Timeout experiment.Duration `json:"timeout"`
	// DeleteEmptyDirData agrees to lose the data of emptyDir volumes; without it such pods refuse the drain.
	DeleteEmptyDirData bool `json:"deleteEmptyDirData,omitempty"`
}

// Hosting says which nodes a drain may choose.
type Hosting string

// What nodes may be chosen.
const (
	HostingTarget Hosting = "target"
	HostingAny    Hosting = "any"
)

// Values lists what hosting may be.
func (Hosting) Values() []string { return []string{string(HostingTarget), string(HostingAny)} }

// Check refuses nodes beside a count, and nodes that are named twice.
func (d *NodeDrain) Check(c *experiment.Check) {
	for i, name := range d.Nodes {
		if slices.Contains(d.Nodes[:i], name) {
			c.Fail(fmt.Sprintf("nodes[%d]", i), "node %q is named twice", name)
		}
	}
	if len(d.Nodes) > 0 && (d.Count != experiment.Count{} || d.Hosting != "") {
		c.Fail("nodes", "nodes are named, so nothing is left to choose by count or hosting: leave one of the two out")
	}
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
		evictions, err := d.evictions(ctx, s, node.Name)
		if err != nil {
			return nil, err
		}
		changes = append(changes, evictions...)
	}
	return changes, nil
}

// Needs reach over all namespaces, since a node runs pods of any.
func (d *NodeDrain) Needs(access.Scope) []access.Need {
	names := d.Nodes
	if len(names) == 0 {
		names = []string{""}
	}
	needs := access.Needs("find the pods of the node", access.Object{Resource: pods.Resource, Namespace: access.Everywhere}, "list")
	needs = append(needs, access.Needs("choose the node", access.Object{Resource: nodes.Resource}, "list")...)
	for _, name := range names {
		needs = append(needs, edits(nodes, "", name, "cordon the node, and put it back")...)
	}
	return append(needs, evictions(access.Everywhere)...)
}

func cordon(node *corev1.Node) Change {
	return Change{
		ID: "cordon-" + node.Name, What: "cordon the node",
		Object: Object{Resource: nodes, Kind: "Node", Name: node.Name, UID: node.UID},
		Edit:   &Edit{Fields: []Field{{Path: []string{"spec", "unschedulable"}, Value: mustJSON(true)}}},
	}
}

func (d *NodeDrain) choose(ctx context.Context, s Scope) ([]corev1.Node, error) {
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
		return nil, &target.Refusal{Reason: "no node can be chosen for the drain: all are cordoned, part of the control plane, or run no pod of the target"}
	}
	count := d.Count
	if count == (experiment.Count{}) {
		count = experiment.CountOf(1)
	}
	return target.Pick(s.Draw, candidates, count.Of(len(candidates)), func(n corev1.Node) string { return string(n.UID) }), nil
}

// controlPlane says that a node belongs to the control plane, where draining may take the API server away.
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
func (d *NodeDrain) hosts(ctx context.Context, s Scope) (map[string]bool, error) {
	if d.Hosting == HostingAny {
		return nil, nil
	}
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

func (d *NodeDrain) evictions(ctx context.Context, s Scope, node string) ([]Change, error) {
	onNode, err := s.PodsOnNode(ctx, node)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, pod := range onNode {
		if staysInDrain(pod) || target.OptedOut(pod.Annotations) || target.Protected(pod.Namespace) && !s.Guard.AllowProtected {
			continue
		}
		if !d.DeleteEmptyDirData && hasEmptyDir(pod) {
			return nil, &target.Refusal{Reason: fmt.Sprintf("pod %s/%s on %s has emptyDir data that a drain would lose: agree by deleteEmptyDirData: true", pod.Namespace, pod.Name, node)}
		}
		if metav1.GetControllerOf(pod) == nil {
			return nil, &target.Refusal{Reason: fmt.Sprintf("pod %s/%s on %s has no controller, so nothing would bring it back: the annotation %s: \"true\" on it lets it stay",
				pod.Namespace, pod.Name, node, cluster.ProtectAnnotation)}
		}
		changes = append(changes, Change{
			ID: "evict-" + pod.Namespace + "/" + pod.Name, Stage: 1, Object: podObject(pod), What: "evict the pod, as budgets allow",
			Evict: &Evict{Timeout: d.Timeout.Std()},
		})
	}
	return changes, nil
}

// staysInDrain: a DaemonSet would put its pod right back, and the kubelet a mirror pod.
func staysInDrain(pod *cluster.Pod) bool {
	_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
	owner := metav1.GetControllerOf(pod)
	return pod.DeletionTimestamp != nil || mirror || owner != nil && owner.Kind == "DaemonSet"
}

func hasEmptyDir(pod *cluster.Pod) bool {
	return slices.ContainsFunc(pod.Shape.Volumes, func(v corev1.Volume) bool { return v.EmptyDir != nil })
}
