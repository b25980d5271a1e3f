package inject_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// threeReplicas is a Deployment of three pods with two containers each.
type threeReplicas struct{ *view }

func newThreeReplicas() threeReplicas {
	return threeReplicas{&view{pods: []*cluster.Pod{pod("web-1", "n1"), pod("web-2", "n2"), pod("web-3", "n1")}}}
}

func (v threeReplicas) scope() inject.Scope {
	s := v.view.scope()
	s.Workload.Status.Desired, s.Workload.UID = 3, "uid-web"
	s.Workload.Resource = appsv1.SchemeGroupVersion.WithResource("deployments")
	s.Workload.Template.Spec.Containers = []corev1.Container{{Name: "web", Image: "web:1"}, {Name: "sidecar", Image: "side:1"}}
	return s
}

func number(n int) *int { return &n }

func TestScale(t *testing.T) {
	for name, c := range map[string]struct {
		fault   inject.Scale
		to      string
		removed int
	}{
		"down":               {inject.Scale{To: number(1)}, "1", 2},
		"up":                 {inject.Scale{To: number(7)}, "7", 0},
		"fewer":              {inject.Scale{By: number(-1)}, "2", 1},
		"more":               {inject.Scale{By: number(2)}, "5", 0},
		"not less than zero": {inject.Scale{By: number(-9)}, "0", 3},
	} {
		t.Run(name, func(t *testing.T) {
			changes := planned(t, &c.fault, newThreeReplicas().scope())
			require.Len(t, changes, 1)
			f := changes[0].Edit.Fields[0]
			assert.Equal(t, []string{"spec", "replicas"}, f.Path)
			assert.JSONEq(t, "3", string(f.Original))
			assert.JSONEq(t, c.to, string(f.Value))
			assert.Len(t, changes[0].Removed(), c.removed)
			assert.Equal(t, "restore spec.replicas", changes[0].Undo())
		})
	}
	_, err := (&inject.Scale{To: number(3)}).Plan(t.Context(), newThreeReplicas().scope())
	require.ErrorContains(t, err, "has 3 replicas already")
	s := newThreeReplicas().scope()
	s.Workload.Kind = "DaemonSet"
	_, err = (&inject.Scale{To: number(1)}).Plan(t.Context(), s)
	require.ErrorContains(t, err, "has no number of replicas")
	s.Workload.Kind = ""
	_, err = (&inject.Scale{To: number(1)}).Plan(t.Context(), s)
	require.ErrorContains(t, err, "a target that is a selector")
}

func TestBadImage(t *testing.T) {
	changes := planned(t, &inject.BadImage{Image: "x:2"}, newThreeReplicas().scope())
	require.Len(t, changes, 1)
	f := changes[0].Edit.Fields[0]
	assert.Equal(t, "spec.template.spec.containers[name=web].image", f.PathString())
	assert.JSONEq(t, `"web:1"`, string(f.Original))
	assert.JSONEq(t, `"x:2"`, string(f.Value))

	second := planned(t, &inject.BadImage{Image: "x:2", Container: "sidecar"}, newThreeReplicas().scope())
	assert.Equal(t, "spec.template.spec.containers[name=sidecar].image", second[0].Edit.Fields[0].PathString())
	_, err := (&inject.BadImage{Image: "x:2", Container: "none"}).Plan(t.Context(), newThreeReplicas().scope())
	require.ErrorContains(t, err, `no container "none"`)
	_, err = (&inject.BadImage{Image: "web:1"}).Plan(t.Context(), newThreeReplicas().scope())
	require.ErrorContains(t, err, "has the image web:1 already")
	s := newThreeReplicas().scope()
	s.Workload.Kind = "ReplicaSet"
	_, err = (&inject.BadImage{Image: "x:2"}).Plan(t.Context(), s)
	require.ErrorContains(t, err, "rolls nothing out")
}
