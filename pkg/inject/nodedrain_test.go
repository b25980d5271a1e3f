package inject_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

func node(name string, change ...func(*corev1.Node)) corev1.Node {
	n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-" + name)}}
	for _, c := range change {
		c(&n)
	}
	return n
}

func cordoned(n *corev1.Node) { n.Spec.Unschedulable = true }

func controls(n *corev1.Node) {
	n.Labels = map[string]string{"node-role.kubernetes.io/control-plane": ""}
}

func withEmptyDir(p *corev1.Pod) {
	p.Spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
}

func TestNodeDrain(t *testing.T) {
	v := &view{
		nodes: []corev1.Node{node("node1"), node("node2"), node("cp", controls)},
		pods: []*cluster.Pod{
			pod("web-1", "node1"), pod("web-2", "cp"),
			pod("neighbour", "node1", in("lab")),
			pod("agent", "node1", in("lab"), ownedBy("DaemonSet")),
			pod("static", "node1", in("lab"), annotated(corev1.MirrorPodAnnotationKey, "x")),
			pod("dns", "node1", in("kube-system")),
			pod("leaving", "node1", terminating),
			pod("shy", "node1", in("lab"), annotated(cluster.ProtectAnnotation, "true")),
		},
	}
	drain := &inject.NodeDrain{Timeout: experiment.Duration(time.Minute)}
	changes := planned(t, drain, v.scope())
	assert.Equal(t, []string{"0 patch node1", "1 evict web-1", "1 evict neighbour"}, names(changes), "node2 hosts nothing, and the control plane is spared")
	assert.True(t, changes[0].Reversible())
	assert.Equal(t, "remove spec.unschedulable", changes[0].Undo())
	assert.Equal(t, time.Minute, changes[1].Evict.Timeout)

	open := v.scope()
	open.Guard.AllowProtected = true
	assert.Equal(t, []string{"0 patch node1", "1 evict web-1", "1 evict neighbour", "1 evict dns"}, names(planned(t, drain, open)))
}

func TestNodeDrainChoice(t *testing.T) {
	v := &view{
		nodes: []corev1.Node{node("node1"), node("node2"), node("node3"), node("node4", cordoned), node("cp", controls)},
		pods:  []*cluster.Pod{pod("web-1", "node1"), pod("web-2", "node2"), pod("web-4", "node4"), pod("web-5", "cp")},
	}
	chosen := func(d *inject.NodeDrain) map[string]bool {
		found := map[string]bool{}
		for seed := range int64(40) {
			s := v.scope()
			s.Draw.Seed = seed
			for _, c := range planned(t, d, s) {
				if c.Object.Kind == "Node" {
					found[c.Object.Name] = true
				}
			}
		}
		return found
	}
	assert.Equal(t, map[string]bool{"node1": true, "node2": true}, chosen(&inject.NodeDrain{}))
	assert.Equal(t, map[string]bool{"node1": true, "node2": true, "node3": true}, chosen(&inject.NodeDrain{NodeChoice: inject.NodeChoice{Hosting: inject.HostingAny}}))
	all := planned(t, &inject.NodeDrain{NodeChoice: inject.NodeChoice{Count: experiment.Count{All: true}}}, v.scope())
	assert.ElementsMatch(t, []string{"0 patch node1", "1 evict web-1", "0 patch node2", "1 evict web-2"}, names(all))

	named := planned(t, &inject.NodeDrain{NodeChoice: inject.NodeChoice{Nodes: []string{"node4", "node3"}}}, v.scope())
	assert.Equal(t, []string{"1 evict web-4", "0 patch node3"}, names(named), "one that is cordoned stays so afterwards")
	refused(t, &inject.NodeDrain{NodeChoice: inject.NodeChoice{Nodes: []string{"cp"}}}, v.scope(), "belongs to the control plane")
	opened := v.scope()
	opened.Guard.AllowControlPlane = true
	assert.Equal(t, []string{"0 patch cp", "1 evict web-5"}, names(planned(t, &inject.NodeDrain{NodeChoice: inject.NodeChoice{Nodes: []string{"cp"}}}, opened)))
}

func TestNodeDrainRefused(t *testing.T) {
	nodes := []corev1.Node{node("node1"), node("node4", cordoned)}
	refused(t, &inject.NodeDrain{NodeChoice: inject.NodeChoice{Nodes: []string{"node9"}}}, (&view{nodes: nodes}).scope(), `there is no node "node9"`)
	refused(t, &inject.NodeDrain{}, (&view{nodes: nodes, pods: []*cluster.Pod{pod("web-1", "node4")}}).scope(), "no node can be chosen")
	refused(t, &inject.NodeDrain{}, (&view{nodes: nodes}).scope(), "has no pods")
	refused(t, &inject.NodeDrain{NodeChoice: inject.NodeChoice{Hosting: inject.HostingAny}}, (&view{nodes: nodes[1:]}).scope(), "no node can be chosen")

	data := &view{nodes: nodes, pods: []*cluster.Pod{pod("web-1", "node1"), pod("cache", "node1", in("lab"), withEmptyDir)}}
	refused(t, &inject.NodeDrain{}, data.scope(), "pod lab/cache on node1 has emptyDir data")
	assert.Len(t, planned(t, &inject.NodeDrain{DeleteEmptyDirData: true}, data.scope()), 3)

	bare := &view{nodes: nodes, pods: []*cluster.Pod{pod("web-1", "node1"), pod("alone", "node1", in("lab"), func(p *corev1.Pod) { p.OwnerReferences = nil })}}
	refused(t, &inject.NodeDrain{}, bare.scope(), "pod lab/alone on node1 has no controller")
}

// TestNodeDrainIDs: namespaces and names do not run into each other.
func TestNodeDrainIDs(t *testing.T) {
	v := &view{nodes: []corev1.Node{node("node1")}, pods: []*cluster.Pod{
		pod("web", "node1"), pod("a-b", "node1", in("x")), pod("b", "node1", in("x-a")),
	}}
	planned := planned(t, &inject.NodeDrain{}, v.scope())
	require.Len(t, planned, 4)
}
