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

// gated gives a pod a readiness gate, and its condition that status if there is one.
func gated(gate corev1.PodConditionType, status corev1.ConditionStatus) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.ReadinessGates = append(p.Spec.ReadinessGates, corev1.PodReadinessGate{ConditionType: gate})
		if status != "" {
			p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: gate, Status: status})
		}
	}
}

func TestPodUnready(t *testing.T) {
	v := &view{pods: []*cluster.Pod{
		pod("web-1", "n1", gated("example.com/b", "True"), gated("example.com/a", "False")), pod("web-2", "n2", gated("example.com/b", "True"), gated("example.com/a", "True")),
		pod("web-3", "n3", gated("example.com/a", "")), pod("web-4", "n3"),
	}}
	all := &inject.PodUnready{Count: experiment.Count{All: true}}
	changes := planned(t, all, v.scope())
	require.ElementsMatch(t, []string{"0 patch web-1", "0 patch web-2"}, names(changes), "a gate that is not open cannot be closed")
	for _, c := range changes {
		gate := map[string]string{"web-1": "example.com/b", "web-2": "example.com/a"}[c.Object.Name]
		assert.Equal(t, &inject.Edit{Subresource: "status", Fields: []inject.Field{{
			Path: []string{"status", "conditions", "[type=" + gate + "]", "status"}, Original: json.RawMessage(`"True"`), Value: json.RawMessage(`"False"`),
		}}}, c.Edit)
		assert.Equal(t, []types.UID{c.Object.UID}, c.Removed())
		assert.True(t, c.Reversible())
		var needs []string
		for _, n := range c.Needs() {
			needs = append(needs, n.String())
		}
		assert.Equal(t, []string{"get pods " + c.Object.Name + " in namespace shop", "patch pods/status " + c.Object.Name + " in namespace shop"}, needs)
	}
	assert.Equal(t, []string{"0 patch web-2"}, names(planned(t, &inject.PodUnready{Count: experiment.CountOf(1), Gate: "example.com/a"}, v.scope())))

	refused(t, &inject.PodUnready{Count: experiment.CountOf(1), Gate: "example.com/c"}, v.scope(), "have no readiness gate example.com/c, but example.com/a, example.com/b")
	refused(t, all, (&view{pods: v.pods[2:]}).scope(), "whose condition is True")
	refused(t, all, (&view{pods: v.pods[3:]}).scope(), "endpointRemove takes them out of a Service by a label")
	refused(t, all, (&view{}).scope(), "has no pods")
}
