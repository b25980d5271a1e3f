package inject_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

func tainted(key, value string, effect corev1.TaintEffect) func(*corev1.Node) {
	return func(n *corev1.Node) {
		n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: key, Value: value, Effect: effect})
	}
}

func tolerating(key string, seconds *int64) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Tolerations = append(p.Spec.Tolerations, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, TolerationSeconds: seconds})
	}
}

func taint(effect inject.TaintEffect, nodes ...string) *inject.NodeTaint {
	return &inject.NodeTaint{NodeChoice: inject.NodeChoice{Nodes: nodes}, Key: "example.com/x", Value: "y", Effect: effect}
}

func TestNodeTaint(t *testing.T) {
	v := &view{nodes: []corev1.Node{node("n1"), node("n2", tainted("example.com/x", "theirs", corev1.TaintEffectNoExecute))}, pods: []*cluster.Pod{pod("web-1", "n1"), pod("web-2", "n2")}}
	changes := planned(t, taint(inject.NoSchedule, "n1", "n2"), v.scope())
	assert.Equal(t, []string{"0 patch n1", "0 patch n2"}, names(changes), "a taint of that key with another effect is another taint")
	assert.Equal(t, "taint the node by example.com/x=y:NoSchedule", changes[0].What)
	assert.Equal(t, []inject.Field{{
		Path:  []string{"spec", "taints", "[key=example.com/x,effect=NoSchedule]"},
		Value: json.RawMessage(`{"key":"example.com/x","value":"y","effect":"NoSchedule"}`),
	}}, changes[0].Fields())
	assert.Equal(t, "remove spec.taints[key=example.com/x,effect=NoSchedule]", changes[0].Undo())
	assert.Empty(t, changes[0].Removed(), "those that are there stay")

	refused(t, taint(inject.NoExecute, "n2"), v.scope(), "node n2 has the taint example.com/x=theirs:NoExecute, in whose place another value would come")
	all := &inject.NodeTaint{NodeChoice: inject.NodeChoice{Count: experiment.Count{All: true}}, Key: "a", Effect: inject.NoSchedule}
	assert.ElementsMatch(t, []string{"0 patch n1", "0 patch n2"}, names(planned(t, all, v.scope())))

	there := &view{nodes: []corev1.Node{node("n1"), node("n3", tainted("example.com/x", "y", corev1.TaintEffectNoSchedule))}}
	assert.Equal(t, []string{"0 patch n1"}, names(planned(t, taint(inject.NoSchedule, "n1", "n3"), there.scope())), "a node that has the taint is left as it is")
	refused(t, taint(inject.NoSchedule, "n3"), there.scope(), "all nodes chosen have the taint example.com/x=y:NoSchedule already")
}

// TestNodeTaintNoExecute: the guards are told which pods have to leave.
func TestNodeTaintNoExecute(t *testing.T) {
	long := int64(3600)
	v := &view{
		nodes: []corev1.Node{node("n1"), node("n2")},
		pods: []*cluster.Pod{
			pod("web-1", "n1"), pod("web-2", "n2"), pod("patient", "n1", in("lab"), tolerating("example.com/x", &long)), pod("tough", "n1", in("lab"), tolerating("", nil)),
			pod("torn", "n1", in("lab"), tolerating("", nil), tolerating("example.com/x", &long)),
			pod("other", "n1", in("lab"), tolerating("example.com/other", nil)), pod("leaving", "n1", terminating), pod("agent", "n1", in("lab"), ownedBy("DaemonSet")),
			pod("proxy", "n1", in("kube-system"), tolerating("", nil)), pod("static", "n1", in("kube-system"), annotated(corev1.MirrorPodAnnotationKey, "x")),
		},
	}
	changes := planned(t, taint(inject.NoExecute, "n1"), v.scope())
	require.Len(t, changes, 1)
	assert.Equal(t, []types.UID{"uid-web-1", "uid-patient", "uid-torn", "uid-other", "uid-agent"}, changes[0].Removed())
	assert.Equal(t, "taint the node by example.com/x=y:NoExecute; pods that have to leave: 5", changes[0].What)

	with := func(more *cluster.Pod) inject.Scope {
		return (&view{nodes: v.nodes, pods: append(v.pods[:len(v.pods):len(v.pods)], more)}).scope()
	}
	refused(t, taint(inject.NoExecute, "n1"), with(pod("dns", "n1", in("kube-system"))), "pod kube-system/dns on n1 would have to leave")
	open := with(pod("dns", "n1", in("kube-system")))
	open.Guard.AllowProtected = true
	assert.Contains(t, planned(t, taint(inject.NoExecute, "n1"), open)[0].Removed(), types.UID("uid-dns"))
	refused(t, taint(inject.NoExecute, "n1"), with(pod("shy", "n1", annotated(cluster.ProtectAnnotation, "true"))), "has opted out")
	refused(t, taint(inject.NoExecute, "n1"), with(pod("bare", "n1", func(p *corev1.Pod) { p.OwnerReferences = nil })), "let it tolerate the taint, or choose other nodes")
	full := with(pod("cache", "n1", withEmptyDir))
	refused(t, taint(inject.NoExecute, "n1"), full, "has emptyDir data")
	agreed := taint(inject.NoExecute, "n1")
	agreed.DeleteEmptyDirData = true
	assert.Len(t, planned(t, agreed, full), 1)
}
