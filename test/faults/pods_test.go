package faults

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func pods() []faultCase {
	return []faultCase{
		{fault: "podKill", yaml: "- podKill: {count: 1, gracePeriod: 0s}", inForce: lost(1), lasts: true},
		{fault: "podKill", name: "all, with grace", yaml: "- podKill: {count: all}", inForce: lost(replicas), lasts: true},
		{fault: "podEvict", yaml: "- podEvict: {count: 1}", inForce: lost(1), lasts: true},
		{fault: "podUnready", yaml: "- podUnready: {count: 1, gate: example.com/in-rotation}", inForce: removed(1), build: withGate},
		// The budget lets one go at a time.
		{fault: "podEvict", name: "all, one after another", yaml: "- podEvict: {count: all}", inForce: lost(replicas), lasts: true, duration: 30 * time.Second},
	}
}

// lost wants so many pods to be gone, and as many others to be in their place.
func lost(want int) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		fresh, lost, err := s.fresh(ctx)
		if err != nil {
			return err
		}
		if lost != want || len(fresh) != want {
			return fmt.Errorf("%d pods are gone and %d are new, not %d each", lost, len(fresh), want)
		}
		return nil
	}
}

// withGate gives the pods a readiness gate, which the stage opens once.
func withGate(o *objects) {
	o.deployment.Spec.Template.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: gate}}
}
