package inject_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

func inZone(zone string) func(*corev1.Node) {
	return func(n *corev1.Node) {
		if n.Labels == nil {
			n.Labels = map[string]string{}
		}
		n.Labels[corev1.LabelTopologyZone] = zone
	}
}

func zoned() *view {
	return &view{
		nodes: []corev1.Node{node("a1", inZone("a")), node("b1", inZone("b")), node("a2", inZone("a"), cordoned), node("c1", inZone("c")), node("cp", controls, inZone("a")), node("edge")},
		pods: []*cluster.Pod{
			pod("web-1", "a1"), pod("web-2", "a2"), pod("web-3", "b1"), pod("neighbour", "a1", in("lab")), pod("agent", "a1", in("lab"), ownedBy("DaemonSet")),
			pod("dns", "a2", in("kube-system")), pod("leaving", "a1", terminating), pod("shy", "a2", in("lab"), annotated(cluster.ProtectAnnotation, "true")), pod("api", "cp"),
		},
	}
}

func TestZoneOutage(t *testing.T) {
	v := zoned()
	changes := planned(t, &inject.ZoneOutage{Zone: "a", Pods: inject.PodsKill}, v.scope())
	assert.Equal(t, []string{"0 patch a1", "1 delete web-1", "1 delete neighbour", "1 delete web-2"}, names(changes), "a2 stays cordoned, and the control plane is spared")
	assert.Equal(t, "remove spec.unschedulable", changes[0].Undo())
	assert.Equal(t, new(int64), changes[1].Delete.GracePeriodSeconds)

	evicting := planned(t, &inject.ZoneOutage{Zone: "b", Pods: inject.PodsEvict}, v.scope())
	assert.Equal(t, []string{"0 patch b1", "1 evict web-3"}, names(evicting))
	assert.Equal(t, 2*time.Minute, evicting[1].Evict.Timeout)
	assert.Equal(t, time.Second, planned(t, &inject.ZoneOutage{Zone: "b", Pods: inject.PodsEvict, Timeout: experiment.Duration(time.Second)}, v.scope())[1].Evict.Timeout)
	assert.Equal(t, []string{"0 patch c1"}, names(planned(t, &inject.ZoneOutage{Zone: "c", Pods: inject.PodsKill}, v.scope())), "its nodes are cordoned though they run nothing")

	open := v.scope()
	open.Guard.AllowControlPlane, open.Guard.AllowProtected = true, true
	assert.Equal(t, []string{"0 patch a1", "1 delete web-1", "1 delete neighbour", "1 delete web-2", "1 delete dns", "0 patch cp", "1 delete api"},
		names(planned(t, &inject.ZoneOutage{Zone: "a", Pods: inject.PodsKill}, open)))
}

func TestZoneOutageChoice(t *testing.T) {
	v := zoned()
	outage := &inject.ZoneOutage{Pods: inject.PodsKill}
	first := map[string]bool{}
	for seed := range int64(40) {
		s := v.scope()
		s.Draw.Seed = seed
		first[planned(t, outage, s)[0].Object.Name] = true
	}
	assert.Equal(t, map[string]bool{"a1": true, "b1": true}, first, "zone c runs nothing of the target")

	for _, shown := range []string{"a", "b"} { // what a plan has shown comes before the draw
		s := v.scope()
		s.Draw.Prefer = map[string]bool{"uid-" + shown + "1": true}
		assert.Equal(t, shown+"1", planned(t, outage, s)[0].Object.Name)
	}
}

func TestZoneOutageRefused(t *testing.T) {
	outage := &inject.ZoneOutage{Pods: inject.PodsKill}
	web := []*cluster.Pod{pod("web-1", "a1")}
	refused(t, outage, (&view{nodes: []corev1.Node{node("a1"), node("cp", controls, inZone("a"))}, pods: web}).scope(), "there is no zone to lose")
	one := &view{nodes: []corev1.Node{node("a1", inZone("a")), node("edge"), node("cp", controls, inZone("b"))}, pods: web}
	refused(t, outage, one.scope(), "zone a is the only one")
	refused(t, &inject.ZoneOutage{Zone: "a", Pods: inject.PodsKill}, one.scope(), "zone a is the only one")
	v := zoned()
	refused(t, &inject.ZoneOutage{Zone: "z", Pods: inject.PodsKill}, v.scope(), `there is no zone "z" with nodes outside of the control plane, but a, b, c`)

	elsewhere := &view{nodes: v.nodes, pods: []*cluster.Pod{pod("web-1", "edge")}}
	refused(t, outage, elsewhere.scope(), "runs a pod of deployment/web: name a zone")
	idle := &view{nodes: []corev1.Node{node("a1", inZone("a"), cordoned), node("b1", inZone("b"))}}
	refused(t, &inject.ZoneOutage{Zone: "a", Pods: inject.PodsKill}, idle.scope(), "nothing would change")
	data := &view{nodes: v.nodes, pods: []*cluster.Pod{pod("web-1", "a1"), pod("cache", "a1", in("lab"), withEmptyDir)}}
	refused(t, &inject.ZoneOutage{Zone: "a", Pods: inject.PodsKill}, data.scope(), "has emptyDir data")
	assert.Len(t, planned(t, &inject.ZoneOutage{Zone: "a", Pods: inject.PodsKill, DeleteEmptyDirData: true}, data.scope()), 3)
}
