package cluster

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Rollout is how a workload replaces its pods when their template changes. Kinds that do not have the zero value.
type Rollout struct {
	// MaxUnavailable is how many pods a rollout may take away before their successors are ready.
	MaxUnavailable int
	// Paused is what a Deployment says of itself.
	Paused bool
	// Ordered says that a StatefulSet waits for a pod that is not ready, even one that a later change of the template would
	// replace: after a bad rollout it does not come back until somebody deletes that pod.
	Ordered bool
	// Held says why a change of the template replaces no pod now; it is empty where one does.
	Held string
}

// rolloutOfDeployment rounds as the controller does.
func rolloutOfDeployment(d *appsv1.Deployment) Rollout {
	desired := replicas(d.Spec.Replicas)
	r := Rollout{}
	switch u := d.Spec.Strategy.RollingUpdate; {
	case d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType:
		r.MaxUnavailable = desired
	case u == nil:
		r.MaxUnavailable = scaled(nil, intstr.FromString("25%"), desired, false)
	default:
		quarter := intstr.FromString("25%")
		r.MaxUnavailable = min(desired, scaled(u.MaxUnavailable, quarter, desired, false))
		if r.MaxUnavailable == 0 && scaled(u.MaxSurge, quarter, desired, true) == 0 {
			r.MaxUnavailable = min(desired, 1) // or it could not go on
		}
	}
	if d.Spec.Paused {
		r.Paused, r.Held = true, "it is paused (spec.paused)"
	}
	return r
}

func rolloutOfStatefulSet(s *appsv1.StatefulSet) Rollout {
	desired := replicas(s.Spec.Replicas)
	if s.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
		return Rollout{Held: "it replaces pods when somebody deletes them (strategy OnDelete)"}
	}
	first, most := 0, 1
	if u := s.Spec.UpdateStrategy.RollingUpdate; u != nil {
		if u.Partition != nil {
			first = int(*u.Partition)
		}
		most = max(1, scaled(u.MaxUnavailable, intstr.FromInt32(1), desired, false))
	}
	if first >= desired {
		return Rollout{Held: fmt.Sprintf("it replaces pods from ordinal %d on, and has %d (updateStrategy.rollingUpdate.partition)", first, desired)}
	}
	return Rollout{MaxUnavailable: min(most, desired-first), Ordered: s.Spec.PodManagementPolicy != appsv1.ParallelPodManagement}
}

func rolloutOfDaemonSet(d *appsv1.DaemonSet) Rollout {
	desired := int(d.Status.DesiredNumberScheduled)
	if d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		return Rollout{Held: "it replaces pods when somebody deletes them (strategy OnDelete)"}
	}
	one := intstr.FromInt32(1)
	u := d.Spec.UpdateStrategy.RollingUpdate
	if u == nil {
		return Rollout{MaxUnavailable: min(desired, 1)}
	}
	return Rollout{MaxUnavailable: min(desired, scaled(u.MaxUnavailable, one, desired, true))}
}

// scaled is a number of pods, or a share of those that are asked for.
func scaled(n *intstr.IntOrString, unset intstr.IntOrString, of int, up bool) int {
	// The API server lets no value in that cannot be read.
	value, err := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(n, unset), of, up)
	if err != nil {
		return 0
	}
	return value
}
