package inject

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "zoneOutage",
	Summary: "Cordons all nodes of a zone and kills their pods; the nodes' prior state comes back.",
	Example: `
- name: lose-a-zone
  zoneOutage: {}
  for: 1m
- name: leave-a-zone
  at: 2m
  zoneOutage: {zone: b, pods: evict}
`,
	New: func() Fault { return &ZoneOutage{Pods: PodsKill} },
})

// ZoneOutage cordons all nodes of a zone (label topology.kubernetes.io/zone), and takes their pods away. Which pods is as with
// nodeDrain: those of DaemonSets, mirror pods and those of protected namespaces stay (guard.allowProtected takes the last too),
// and pods without a controller refuse it. Nodes of the control plane are left alone unless guard.allowControlPlane is true. A cluster
// with a single zone refuses it.
type ZoneOutage struct {
	// Zone is its name. Unless told otherwise it is one chosen at random of those that run pods of the target.
	Zone string `json:"zone,omitempty"`
	// Pods says how they are taken away. Kill, which is what is done unless told otherwise, deletes them without a grace period,
	// whatever budgets say; evict heeds them.
	Pods Removal `json:"pods"`
	// Timeout is how long a budget may block each eviction; 2m unless told otherwise.
	Timeout experiment.Duration `json:"timeout,omitempty"`
	// DeleteEmptyDirData agrees to lose the data of emptyDir volumes; without it such pods refuse the outage.
	DeleteEmptyDirData bool `json:"deleteEmptyDirData,omitempty"`
}

// Removal is a way to take pods away.
type Removal string

// The ways there are.
const (
	PodsKill  Removal = "kill"
	PodsEvict Removal = "evict"
)

// Values lists what a removal may be.
func (Removal) Values() []string { return []string{string(PodsKill), string(PodsEvict)} }

// zoneTimeout is how long a budget may block an eviction, unless told otherwise.
const zoneTimeout = experiment.Duration(2 * time.Minute)

// Check refuses a timeout of what no budget blocks.
func (f *ZoneOutage) Check(c *experiment.Check) {
	switch {
	case f.Timeout == 0:
	case f.Pods == PodsKill:
		c.Fail("timeout", "no budget blocks a pod that is killed: leave the timeout out, or say pods: evict")
	default:
		checkTimeout(c, f.Timeout)
	}
}

// Plan cordons first, then takes the pods away.
func (f *ZoneOutage) Plan(ctx context.Context, s Scope) ([]Change, error) {
	lost, err := f.choose(ctx, s)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for i := range lost {
		node := &lost[i]
		if !node.Spec.Unschedulable {
			changes = append(changes, cordon(node))
		}
		leaving, err := leavingNode(ctx, s, node.Name, f.DeleteEmptyDirData)
		if err != nil {
			return nil, err
		}
		for _, pod := range leaving {
			changes = append(changes, f.remove(pod))
		}
	}
	if len(changes) == 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("all nodes of zone %s are cordoned and run no pods that could be taken away, so that nothing would change", zoneOf(&lost[0]))}
	}
	return changes, nil
}

func (f *ZoneOutage) remove(pod *cluster.Pod) Change {
	if f.Pods == PodsEvict {
		timeout := f.Timeout
		if timeout == 0 {
			timeout = zoneTimeout
		}
		return evict(pod, 1, timeout, nil)
	}
	return remove("delete-"+pod.Namespace+"/"+pod.Name, pod, 1, new(experiment.Duration))
}

// choose gives the nodes of the zone.
func (f *ZoneOutage) choose(ctx context.Context, s Scope) ([]corev1.Node, error) {
	all, err := s.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	byZone := zones(all, s.Guard.AllowControlPlane)
	names := slices.Sorted(maps.Keys(byZone))
	switch {
	case len(names) == 0:
		return nil, &target.Refusal{Reason: fmt.Sprintf("no node outside of the control plane has the label %s, so there is no zone to lose", corev1.LabelTopologyZone)}
	case f.Zone != "" && byZone[f.Zone] == nil:
		return nil, &target.Refusal{Reason: fmt.Sprintf("there is no zone %q with nodes outside of the control plane, but %s", f.Zone, strings.Join(names, ", "))}
	case len(names) == 1:
		return nil, &target.Refusal{Reason: fmt.Sprintf("zone %s is the only one, and without it nothing would run: nodeDrain takes single nodes", names[0])}
	case f.Zone != "":
		return byZone[f.Zone], nil
	}
	hosts, err := hostsOf(ctx, s)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(zone string) bool {
		return !slices.ContainsFunc(byZone[zone], func(n corev1.Node) bool { return hosts[n.Name] })
	})
	if len(names) == 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("no node that may be taken away and has the label %s runs a pod of %s: name a zone (zone)", corev1.LabelTopologyZone, s.Workload)}
	}
	return byZone[target.Pick(s.Draw, names, 1, func(zone string) string { return zoneKey(s.Draw, zone, byZone[zone]) })[0]], nil
}

// zoneKey is that of a zone in the draw. A plan that is to be kept to knows the zone by its nodes and their pods.
func zoneKey(draw target.Draw, zone string, nodes []corev1.Node) string {
	for i := range nodes {
		if uid := string(nodes[i].UID); draw.Prefer[uid] {
			return uid
		}
	}
	return zone
}

// zones are the nodes by their zone; those of the control plane are left out unless they are wanted too.
func zones(all []corev1.Node, withControlPlane bool) map[string][]corev1.Node {
	byZone := map[string][]corev1.Node{}
	for i := range all {
		if zone := zoneOf(&all[i]); zone != "" && (withControlPlane || !controlPlane(&all[i])) {
			byZone[zone] = append(byZone[zone], all[i])
		}
	}
	return byZone
}

func zoneOf(n *corev1.Node) string { return n.Labels[corev1.LabelTopologyZone] }

// Needs reach over all namespaces, since a node runs pods of any.
func (f *ZoneOutage) Needs(access.Scope) []access.Need {
	needs := append(podsOfNodes(), chooseNodes()...)
	needs = append(needs, edits(nodes, "", "", "cordon the nodes of the zone, and put them back")...)
	if f.Pods == PodsEvict {
		return append(needs, evictions(access.Everywhere)...)
	}
	return append(needs, deletions(access.Everywhere)...)
}
