package cluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func of(text string) *intstr.IntOrString { v := intstr.Parse(text); return &v }

func TestRolloutOfDeployment(t *testing.T) {
	rolling := func(unavailable, surge *intstr.IntOrString) appsv1.DeploymentStrategy {
		return appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: unavailable, MaxSurge: surge}}
	}
	for name, c := range map[string]struct {
		replicas int32
		strategy appsv1.DeploymentStrategy
		want     int
	}{
		"a quarter, rounded down":         {7, rolling(nil, nil), 1},
		"a quarter of few":                {3, appsv1.DeploymentStrategy{}, 0},
		"a number":                        {3, rolling(of("2"), of("1")), 2},
		"a number of more than there are": {3, rolling(of("9"), of("1")), 3},
		"none":                            {3, rolling(of("0"), of("1")), 0},
		"a share that comes to nothing beside no surge": {3, rolling(of("10%"), of("0")), 1},
		"a share that comes to nothing beside a surge":  {3, rolling(of("10%"), of("1%")), 0},
		"all":        {3, appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}, 3},
		"of no pods": {0, rolling(of("1"), of("1")), 0},
	} {
		d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: &c.replicas, Strategy: c.strategy}}
		assert.Equal(t, Rollout{MaxUnavailable: c.want}, rolloutOfDeployment(d), name)
		d.Spec.Paused = true
		paused := rolloutOfDeployment(d)
		assert.True(t, paused.Paused, name)
		assert.Contains(t, paused.Held, "spec.paused", name)
	}
}

func TestRolloutOfStatefulSet(t *testing.T) {
	three := int32(3)
	rolling := func(partition int32, unavailable *intstr.IntOrString) Rollout {
		return rolloutOfStatefulSet(&appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Replicas: &three, PodManagementPolicy: appsv1.ParallelPodManagement, UpdateStrategy: appsv1.StatefulSetUpdateStrategy{
			Type: appsv1.RollingUpdateStatefulSetStrategyType, RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: &partition, MaxUnavailable: unavailable},
		}}})
	}
	assert.Equal(t, Rollout{MaxUnavailable: 1, Ordered: true}, rolloutOfStatefulSet(&appsv1.StatefulSet{}), "one at a time, in order unless told otherwise")
	assert.Equal(t, Rollout{MaxUnavailable: 1}, rolling(0, nil))
	assert.Equal(t, Rollout{MaxUnavailable: 2}, rolling(0, of("67%")))
	assert.Equal(t, Rollout{MaxUnavailable: 1}, rolling(0, of("10%")), "never none")
	assert.Equal(t, Rollout{MaxUnavailable: 1}, rolling(2, of("3")), "there is one from the ordinal on")
	assert.Contains(t, rolling(3, nil).Held, "from ordinal 3 on, and has 3")
	assert.Contains(t, rolloutOfStatefulSet(&appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{UpdateStrategy: appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}}}).Held, "OnDelete")
}

func TestRolloutOfDaemonSet(t *testing.T) {
	rolling := func(unavailable *intstr.IntOrString) Rollout {
		return rolloutOfDaemonSet(&appsv1.DaemonSet{
			Spec: appsv1.DaemonSetSpec{UpdateStrategy: appsv1.DaemonSetUpdateStrategy{
				Type: appsv1.RollingUpdateDaemonSetStrategyType, RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: unavailable},
			}},
			Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3},
		})
	}
	assert.Equal(t, Rollout{}, rolloutOfDaemonSet(&appsv1.DaemonSet{}), "no node asks for any")
	assert.Equal(t, Rollout{MaxUnavailable: 1}, rolloutOfDaemonSet(&appsv1.DaemonSet{Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3}}))
	assert.Equal(t, Rollout{MaxUnavailable: 1}, rolling(nil))
	assert.Equal(t, Rollout{MaxUnavailable: 2}, rolling(of("40%")), "rounded up")
	assert.Equal(t, Rollout{}, rolling(of("0")), "it has a surge")
	assert.Contains(t, rolloutOfDaemonSet(&appsv1.DaemonSet{Spec: appsv1.DaemonSetSpec{UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}}}).Held, "OnDelete")
}
