package inject

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/klog/v2"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "nodeTaint",
	Summary: "Taints nodes, so that pods that do not tolerate it are not scheduled to them, or have to leave; the taint is removed again.",
	Example: `
- name: no-new-pods
  nodeTaint: {count: 1}
- name: all-must-leave
  at: 1m
  nodeTaint: {nodes: [node3], key: example.com/maintenance, value: disk, effect: NoExecute}
`,
	New: func() Fault { return &NodeTaint{Key: "chaosctl.dev/taint", Effect: NoSchedule} },
})

// NodeTaint gives nodes one taint more. With the effect NoExecute, all pods leave that do not tolerate it: those of DaemonSets
// too, and whatever PodDisruptionBudgets say. They count as affected, those that tolerate it for a time as well. It is refused where
// one of them has no controller, has opted out, or belongs to a protected namespace (guard.allowProtected agrees to the
// last). A node that has this taint is left as it is, and keeps it.
type NodeTaint struct {
	NodeChoice
	// Key of the taint. One of chaosctl's own unless told otherwise.
	Key string `json:"key"`
	// Value of the taint; none unless told otherwise.
	Value string `json:"value,omitempty"`
	// Effect is what it does: with NoSchedule, which it is unless told otherwise, no new pods come; with NoExecute those that are there leave too.
	Effect TaintEffect `json:"effect"`
	// DeleteEmptyDirData agrees to lose the data of emptyDir volumes, where pods must leave; without it such pods refuse the taint.
	DeleteEmptyDirData bool `json:"deleteEmptyDirData,omitempty"`
}

// TaintEffect is what a taint does to pods that do not tolerate it.
type TaintEffect string

// The effects.
const (
	NoSchedule = TaintEffect(corev1.TaintEffectNoSchedule)
	NoExecute  = TaintEffect(corev1.TaintEffectNoExecute)
)

// Values lists what an effect may be.
func (TaintEffect) Values() []string { return []string{string(NoSchedule), string(NoExecute)} }

// controllersTaints begins the keys of taints that controllers of Kubernetes give and take.
const controllersTaints = "node.kubernetes.io/"

// Check looks at the choice of nodes, and at what the API would refuse as a taint.
func (f *NodeTaint) Check(c *experiment.Check) {
	f.NodeChoice.Check(c)
	switch {
	case len(validation.IsQualifiedName(f.Key)) > 0:
		c.Fail("key", "%q is not the key of a taint: expected something like example.com/maintenance", f.Key)
	case strings.HasPrefix(f.Key, controllersTaints):
		c.Fail("key", "taints whose keys begin with %s are for controllers of Kubernetes, which would remove it: choose another key", controllersTaints)
	}
	if len(validation.IsValidLabelValue(f.Value)) > 0 {
		c.Fail("value", "%q is not the value of a taint: expected up to 63 letters, digits, -, _ and .", f.Value)
	}
	if f.DeleteEmptyDirData && f.Effect != NoExecute {
		c.Fail("deleteEmptyDirData", "no pod has to leave with the effect %s: leave this out, or say effect: NoExecute", f.Effect)
	}
}

// Plan taints the nodes side by side.
func (f *NodeTaint) Plan(ctx context.Context, s Scope) ([]Change, error) {
	chosen, err := f.choose(ctx, s)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for i := range chosen {
		node := &chosen[i]
		there := f.twin(node)
		switch {
		case there != nil && there.Value == f.Value:
			continue
		case there != nil: // Kubernetes knows one taint for each key and effect
			return nil, &target.Refusal{Reason: fmt.Sprintf("node %s has the taint %s, in whose place another value would come: choose another key", node.Name, there.ToString())}
		}
		change, err := f.taint(ctx, s, node)
		if err != nil {
			return nil, err
		}
		changes = append(changes, change)
	}
	if len(changes) == 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("all nodes chosen have the taint %s already, and so nothing would change: choose another key, or other nodes", f.asTaint().ToString())}
	}
	return changes, nil
}

// twin is the node's taint of that key and effect; nil where it has none.
func (f *NodeTaint) twin(node *corev1.Node) *corev1.Taint {
	taint := f.asTaint()
	i := slices.IndexFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.MatchTaint(taint) })
	if i < 0 {
		return nil
	}
	return &node.Spec.Taints[i]
}

func (f *NodeTaint) asTaint() *corev1.Taint {
	return &corev1.Taint{Key: f.Key, Value: f.Value, Effect: corev1.TaintEffect(f.Effect)}
}

// taint is the change of one node, with the pods that have to leave it.
func (f *NodeTaint) taint(ctx context.Context, s Scope, node *corev1.Node) (Change, error) {
	taint := f.asTaint()
	change := onNode(node, "taint-", "taint the node by "+taint.ToString(), Field{
		Path: []string{"spec", "taints", Element("key", f.Key, "effect", string(f.Effect))}, Value: mustJSON(taint),
	})
	if f.Effect != NoExecute {
		return change, nil
	}
	var err error
	if change.Removes, err = f.mustLeave(ctx, s, node.Name); err != nil {
		return Change{}, err
	}
	change.What += fmt.Sprintf("; pods that have to leave: %d", len(change.Removes))
	return change, nil
}

// mustLeave are the pods of a node that do not tolerate the taint, or only for a time.
func (f *NodeTaint) mustLeave(ctx context.Context, s Scope, node string) ([]types.UID, error) {
	onNode, err := s.PodsOnNode(ctx, node)
	if err != nil {
		return nil, err
	}
	var leaving []types.UID
	for _, pod := range onNode {
		if pod.DeletionTimestamp != nil || mirrors(pod) || tolerates(pod, f.asTaint()) {
			continue
		}
		switch {
		case target.OptedOut(pod.Annotations):
			err = &target.Refusal{Reason: fmt.Sprintf("pod %s/%s on %s has opted out (annotation %s), and would have to leave all the same: it does not tolerate the taint", pod.Namespace, pod.Name, node, cluster.ProtectAnnotation)}
		case target.Protected(pod.Namespace) && !s.Guard.AllowProtected:
			err = &target.Refusal{Reason: fmt.Sprintf("pod %s/%s on %s would have to leave, whose namespace is protected: it does not tolerate the taint; guard.allowProtected: true agrees", pod.Namespace, pod.Name, node)}
		default:
			err = mayBeLost(pod, f.DeleteEmptyDirData, "let it tolerate the taint, or choose other nodes")
		}
		if err != nil {
			return nil, err
		}
		leaving = append(leaving, pod.UID)
	}
	return leaving, nil
}

// tolerates says that a pod may stay in spite of a taint, for good.
func tolerates(pod *cluster.Pod, taint *corev1.Taint) bool {
	matching := slices.Collect(func(yield func(corev1.Toleration) bool) {
		for i := range pod.Shape.Tolerations {
			if t := pod.Shape.Tolerations[i]; t.ToleratesTaint(klog.Background(), taint, false) && !yield(t) {
				return
			}
		}
	})
	return len(matching) > 0 && !slices.ContainsFunc(matching, func(t corev1.Toleration) bool { return t.TolerationSeconds != nil })
}

// Needs are those of edits of nodes; with the effect NoExecute, also of finding the pods that have to leave, in all namespaces.
func (f *NodeTaint) Needs(s access.Scope) []access.Need {
	needs := f.needs("taint the node, and remove the taint")
	if f.Effect == NoExecute {
		return append(podsOfNodes(), needs...)
	}
	return append(access.Needs("see which nodes run the target", access.Object{Resource: pods.Resource, Namespace: s.Target.Namespace}, "list"), needs...)
}
