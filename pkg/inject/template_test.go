package inject_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// rollingOut are the faults that change the template of the target, with parameters that suit [threeReplicas].
func rollingOut() map[string]inject.Fault {
	all := map[string]inject.Fault{}
	for _, name := range []string{"badImage", "badReadiness", "badCommand", "badResources", "rolloutRestart"} {
		all[name] = inject.Kinds()[name]().(inject.Fault)
	}
	return all
}

// TestRolloutsTakePodsAway: the guard counts what the strategy of the workload allows, however bad the rollout is.
func TestRolloutsTakePodsAway(t *testing.T) {
	for name, fault := range rollingOut() {
		t.Run(name, func(t *testing.T) {
			v := newThreeReplicas()
			v.pods = append(v.pods, pod("web-4", "n1", terminating), pod("other", "n1", in("elsewhere")))
			for _, most := range []int{0, 1, 3} {
				s := v.scope()
				s.Workload.Rollout.MaxUnavailable = most
				changes := planned(t, fault, s)
				require.Len(t, changes, 1)
				assert.Len(t, changes[0].Removed(), most)
				assert.NotContains(t, changes[0].Removed(), v.pods[3].UID, "it goes already")
			}
		})
	}
}

// TestNothingToRollOut: a change of the template that replaces no pod is no fault.
func TestNothingToRollOut(t *testing.T) {
	for want, change := range map[string]func(w *cluster.Workload){
		"replicaset/web rolls nothing out: expected a deployment, a statefulset or a daemonset as the target": func(w *cluster.Workload) { w.Kind = "ReplicaSet" },
		"a target that is a selector rolls nothing out":                                                       func(w *cluster.Workload) { w.Kind = "" },
		"deployment/web would roll nothing out: it is paused (spec.paused)":                                   func(w *cluster.Workload) { w.Rollout.Held = "it is paused (spec.paused)" },
		"deployment/web asks for no pods":                                                                     func(w *cluster.Workload) { w.Status.Desired = 0 },
	} {
		for _, fault := range rollingOut() {
			s := newThreeReplicas().scope()
			change(s.Workload)
			refused(t, fault, s, want)
		}
	}
}

// TestOrderedStatefulSet: Kubernetes does not take a bad rollout of it back; a good one is no harm.
func TestOrderedStatefulSet(t *testing.T) {
	for name, fault := range rollingOut() {
		s := newThreeReplicas().scope()
		s.Workload.Kind, s.Workload.Rollout = "StatefulSet", cluster.Rollout{MaxUnavailable: 1, Ordered: true}
		if name == "rolloutRestart" {
			planned(t, fault, s)
		} else {
			refused(t, fault, s, "statefulset/web starts its pods in order (podManagementPolicy OrderedReady)")
		}
	}
}

// TestOtherContainers: the container can be chosen, and one that is not there is refused.
func TestOtherContainers(t *testing.T) {
	fields := map[string][]inject.Fault{
		"image":                  {&inject.BadImage{Image: "x"}, &inject.BadImage{Image: "x", Container: "sidecar"}, &inject.BadImage{Image: "x", Container: "none"}},
		"readinessProbe":         {&inject.BadReadiness{}, &inject.BadReadiness{Container: "sidecar"}, &inject.BadReadiness{Container: "none"}},
		"command":                {&inject.BadCommand{Command: []string{"x"}}, &inject.BadCommand{Command: []string{"x"}, Container: "sidecar"}, &inject.BadCommand{Command: []string{"x"}, Container: "none"}},
		"resources.requests.cpu": {&inject.BadResources{Requests: million}, &inject.BadResources{Requests: million, Container: "sidecar"}, &inject.BadResources{Requests: million, Container: "none"}},
	}
	for field, faults := range fields {
		first, second := planned(t, faults[0], newThreeReplicas().scope()), planned(t, faults[1], newThreeReplicas().scope())
		assert.Equal(t, "spec.template.spec.containers[name=web]."+field, first[0].Edit.Fields[0].PathString())
		assert.Equal(t, "spec.template.spec.containers[name=sidecar]."+field, second[0].Edit.Fields[0].PathString())
		refused(t, faults[2], newThreeReplicas().scope(), `no container "none"`)
	}
}
