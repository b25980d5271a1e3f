package inject_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

func TestNodeCordon(t *testing.T) {
	v := &view{
		nodes: []corev1.Node{node("node1"), node("node2"), node("node3"), node("node4", cordoned), node("cp", controls)},
		pods:  []*cluster.Pod{pod("web-1", "node1"), pod("web-2", "node2"), pod("web-4", "node4"), pod("web-5", "cp")},
	}
	all := planned(t, &inject.NodeCordon{NodeChoice: inject.NodeChoice{Count: experiment.Count{All: true}}}, v.scope())
	assert.ElementsMatch(t, []string{"0 patch node1", "0 patch node2"}, names(all), "the pods stay, and of the others node3 runs none")
	assert.Equal(t, "remove spec.unschedulable", all[0].Undo())
	assert.Empty(t, all[0].Removed())
	assert.Len(t, planned(t, &inject.NodeCordon{}, v.scope()), 1)

	byName := func(names ...string) *inject.NodeCordon {
		return &inject.NodeCordon{NodeChoice: inject.NodeChoice{Nodes: names}}
	}
	assert.Equal(t, []string{"0 patch node3"}, names(planned(t, byName("node4", "node3"), v.scope())), "one that is cordoned is left alone")
	refused(t, byName("node4"), v.scope(), "cordoned already")
	refused(t, byName("node9"), v.scope(), `there is no node "node9"`)
	refused(t, byName("cp"), v.scope(), "belongs to the control plane")
}
