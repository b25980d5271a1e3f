package inject_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/target"
)

func service(name string, selector map[string]string) corev1.Service {
	return corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID("uid-" + name)}, Spec: corev1.ServiceSpec{Selector: selector}}
}

// labelled gives a pod labels beside those of the target.
func labelled(more map[string]string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		for k, v := range more {
			p.Labels[k] = v
		}
	}
}

var open = map[string]string{"traffic": "open"}

// served is a cluster of three pods that Service web selects by a label more than the target has.
func served(more ...corev1.Service) *view {
	return &view{
		services: append(more, service("web", map[string]string{"app": "web", "traffic": "open"}), service("bare", nil), service("db", map[string]string{"app": "db"})),
		pods:     []*cluster.Pod{pod("web-1", "n1", labelled(open)), pod("web-2", "n2", labelled(open)), pod("web-3", "n3", labelled(open))},
	}
}

func TestEndpointRemove(t *testing.T) {
	v := served()
	one := &inject.EndpointRemove{Count: experiment.CountOf(1)}
	changes := planned(t, one, v.scope())
	require.Len(t, changes, 1)
	c := changes[0]
	assert.Equal(t, "change the label traffic, so that Service web does not select the pod", c.What)
	assert.Equal(t, []inject.Field{{Path: []string{"metadata", "labels", "traffic"}, Original: json.RawMessage(`"open"`), Value: json.RawMessage(`"removed-by-chaosctl"`)}}, c.Fields())
	assert.True(t, c.Reversible())
	assert.Equal(t, "restore metadata.labels.traffic", c.Undo())
	assert.Equal(t, []types.UID{c.Object.UID}, c.Removed(), "the guard counts it")

	v.pods[0].Labels["traffic"] = "removed-by-chaosctl" // by an injection before
	changes = planned(t, one, v.scope())
	require.Len(t, changes, 1)
	assert.NotEqual(t, "web-1", changes[0].Object.Name)
	assert.Equal(t, []types.UID{changes[0].Object.UID, "uid-web-1"}, changes[0].Removed(), "and what is out already")
	v.pods = append(v.pods, pod("canary", "n1"))
	changes = planned(t, one, v.scope())
	assert.Equal(t, []types.UID{changes[0].Object.UID, "uid-web-1"}, changes[0].Removed(), "but not what has never been in")
	v.pods = v.pods[:3]
	all := planned(t, &inject.EndpointRemove{Count: experiment.Count{All: true}}, v.scope())
	assert.ElementsMatch(t, []string{"0 patch web-2", "0 patch web-3"}, names(all))

	v.pods[1].Labels["traffic"], v.pods[2].Labels["traffic"] = "x", "x"
	refused(t, one, v.scope(), "no Service in namespace shop selects pods of deployment/web")
	refused(t, &inject.EndpointRemove{Count: experiment.CountOf(1), Service: "web"}, v.scope(), "Service web selects none of the 3 pods of deployment/web")
}

func TestEndpointRemoveService(t *testing.T) {
	remove := func(name string) *inject.EndpointRemove {
		return &inject.EndpointRemove{Count: experiment.CountOf(1), Service: name}
	}
	v := served(service("all", map[string]string{"traffic": "open"}), service("more", map[string]string{"app": "web"}))
	refused(t, remove(""), v.scope(), "3 Services select pods of deployment/web: name one of all, more, web (service)")
	assert.Equal(t, "change the label traffic, so that Service web does not select the pod, nor Service all", planned(t, remove("web"), v.scope())[0].What)
	refused(t, remove("nowhere"), v.scope(), `there is no Service "nowhere" in namespace shop`)
	refused(t, remove("bare"), v.scope(), "its endpoints are made by somebody else")
	refused(t, remove("db"), v.scope(), "selects none of the 3 pods")
	refused(t, remove("web"), (&view{services: v.services}).scope(), "has no pods")
	refused(t, &inject.EndpointRemove{Count: experiment.CountOf(1), Service: "web", Where: &target.Where{Names: []string{"db-*"}}}, v.scope(), "conditions of where")
}

// TestEndpointRemoveOrphan: a label by which pods belong to their controller is not changed without the user's consent.
func TestEndpointRemoveOrphan(t *testing.T) {
	v := served()
	v.services = []corev1.Service{service("web", map[string]string{"app": "web"})}
	remove := &inject.EndpointRemove{Count: experiment.CountOf(1)}
	refused(t, remove, v.scope(), "belongs to ReplicaSet/web-5d too, which would let go of it and make another in its place")
	agreed := &inject.EndpointRemove{Count: experiment.CountOf(1), Orphan: true}
	c := planned(t, agreed, v.scope())[0]
	assert.Equal(t, "change the label app, so that Service web does not select the pod; it does not belong to ReplicaSet/web-5d any more, which replaces it", c.What)
	assert.Equal(t, "restore metadata.labels.app", c.Undo())

	v = served()
	assert.Equal(t, "restore metadata.labels.traffic", planned(t, agreed, v.scope())[0].Undo(), "there is another label, so that the consent is not needed")
	byName := &inject.EndpointRemove{Count: experiment.CountOf(1), Label: "app"}
	refused(t, byName, v.scope(), "by the label app, pod")
	byName.Orphan = true
	assert.Equal(t, "restore metadata.labels.app", planned(t, byName, v.scope())[0].Undo())
	refused(t, &inject.EndpointRemove{Count: experiment.CountOf(1), Label: "tier"}, v.scope(), "does not select by the label tier, but by app, traffic")

	one := map[string]string{"statefulset.kubernetes.io/pod-name": "web-1"}
	v.services, v.pods = []corev1.Service{service("web", one)}, []*cluster.Pod{pod("web-1", "n1", labelled(one), ownedBy("StatefulSet"))}
	refused(t, agreed, v.scope(), "which its controller would set back")
}

// TestEndpointRemoveOfSelected: where the target is a selector, each pod may have another controller.
func TestEndpointRemoveOfSelected(t *testing.T) {
	selector := labels.SelectorFromSet(labels.Set{"app": "web"})
	selected := func(v *view) inject.Scope {
		s := v.scope()
		s.Workload = &cluster.Workload{Namespace: "shop", Name: "app=web", Selector: selector}
		return s
	}
	workload := func(kind string, by labels.Set) *cluster.Workload {
		return &cluster.Workload{Kind: kind, Namespace: "shop", Name: "web-5d", Selector: labels.SelectorFromSet(by)}
	}
	remove := &inject.EndpointRemove{Count: experiment.CountOf(1)}
	v := served()
	refused(t, remove, selected(v), "belongs to ReplicaSet/web-5d too") // which may own it by any label
	v.workloads = []*cluster.Workload{workload("StatefulSet", labels.Set{"app": "web"}), workload("Deployment", labels.Set{"app": "web"})}
	assert.Len(t, planned(t, remove, selected(v)), 1)
	v.workloads[1] = workload("Deployment", labels.Set{"traffic": "open"})
	refused(t, remove, selected(v), "by the label app, pod")

	bare := served()
	for _, p := range bare.pods {
		p.OwnerReferences = nil
	}
	assert.Equal(t, "change the label traffic, so that Service web does not select the pod", planned(t, remove, selected(bare))[0].What)
	bare.services = []corev1.Service{service("web", map[string]string{"app": "web"})}
	refused(t, remove, selected(bare), "belongs to the target too")
	orphan := &inject.EndpointRemove{Count: experiment.CountOf(1), Orphan: true}
	assert.Contains(t, planned(t, orphan, selected(bare))[0].What, "the target does not select it any more either")
}
