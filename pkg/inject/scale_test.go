package inject_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
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

func number(n int) *experiment.IntOrPercent { v := experiment.IntOf(n); return &v }

func percent(n int) *experiment.IntOrPercent { v := experiment.PercentOf(n); return &v }

func TestScale(t *testing.T) {
	for name, c := range map[string]struct {
		fault   inject.Scale
		to      string
		removed int
	}{
		"down":               {inject.Scale{To: number(1)}, "1", 2},
		"up":                 {inject.Scale{To: number(7)}, "7", 0},
		"to nothing":         {inject.Scale{To: number(0)}, "0", 3},
		"fewer":              {inject.Scale{By: number(-1)}, "2", 1},
		"more":               {inject.Scale{By: number(2)}, "5", 0},
		"not less than zero": {inject.Scale{By: number(-9)}, "0", 3},

		"two thirds stay, rounded":            {inject.Scale{To: percent(66)}, "2", 1},
		"half stays, and the change is less":  {inject.Scale{To: percent(50)}, "2", 1},
		"half less is the same":               {inject.Scale{By: percent(-50)}, "2", 1},
		"a little less is one":                {inject.Scale{By: percent(-1)}, "2", 1},
		"a little more is one":                {inject.Scale{By: percent(1)}, "4", 0},
		"twice as many":                       {inject.Scale{To: percent(200)}, "6", 0},
		"as many again":                       {inject.Scale{By: percent(100)}, "6", 0},
		"no percentage stays":                 {inject.Scale{To: percent(0)}, "0", 3},
		"a percentage of no less than zero":   {inject.Scale{By: percent(-500)}, "0", 3},
		"a percentage is of those that are":   {inject.Scale{By: percent(-100)}, "0", 3},
		"a percentage is exact where it goes": {inject.Scale{By: percent(-67)}, "1", 2},
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
	refused(t, &inject.Scale{To: number(3)}, newThreeReplicas().scope(), "has 3 replicas already")
	none := newThreeReplicas().scope()
	none.Workload.Status.Desired = 0
	refused(t, &inject.Scale{By: percent(50)}, none, "has 0 replicas already")
	s := newThreeReplicas().scope()
	s.Workload.Kind = "DaemonSet"
	refused(t, &inject.Scale{To: number(1)}, s, "has no number of replicas")
	s.Workload.Kind = ""
	refused(t, &inject.Scale{To: number(1)}, s, "a target that is a selector")
}
