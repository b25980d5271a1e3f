package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
)

func rollout() []faultCase {
	return []faultCase{
		// That nothing answers at the address of the registry is known at once; that no domain of its name exists takes longer.
		{fault: "badImage", yaml: "- badImage: {image: \"127.0.0.1:9/chaosctl/no-such-image:v0\"}", inForce: stuck("ErrImagePull", "ImagePullBackOff")},
		{fault: "badImage", name: "a StatefulSet", yaml: "- badImage: {image: \"127.0.0.1:9/chaosctl/no-such-image:v0\"}", build: asStatefulSet, inForce: remaining(replicas - 1)},
		{fault: "badImage", name: "all at once", yaml: "- badImage: {image: \"127.0.0.1:9/chaosctl/no-such-image:v0\"}", build: recreating, inForce: remaining(0)},
		{fault: "badReadiness", yaml: "- badReadiness: {}", inForce: neverReady},
		{fault: "badCommand", yaml: "- badCommand: {}", inForce: stuck("RunContainerError", "CreateContainerError", "CrashLoopBackOff")},
		{fault: "badResources", yaml: "- badResources: {}", inForce: unschedulable},
		{fault: "rolloutRestart", yaml: "- rolloutRestart: {}", inForce: replaced, lasts: true, duration: 20 * time.Second},
		{fault: "rolloutRestart", name: "an ordered StatefulSet", yaml: "- rolloutRestart: {}", build: inOrder, inForce: replaced, lasts: true, duration: 30 * time.Second},
		// The pause comes when the rollout is under way; it is over before that is taken back.
		{fault: "rolloutPause", yaml: "- rolloutRestart: {}\n- {at: 1s, for: 12s, rolloutPause: {}}", inForce: hanging(3 * time.Second), duration: 15 * time.Second},
	}
}

// inOrder makes the workload a StatefulSet that starts its pods one after another.
func inOrder(o *objects) {
	asStatefulSet(o)
	o.statefulSet.Spec.PodManagementPolicy = appsv1.OrderedReadyPodManagement
}

// recreating makes a rollout stop all pods before it starts others.
func recreating(o *objects) {
	o.deployment.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
}

// remaining wants so many of the pods of before to be there, all of them serving, and a new pod that is not.
func remaining(want int) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		fresh, lost, err := s.fresh(ctx)
		if err != nil {
			return err
		}
		if len(fresh) == 0 || lost != replicas-want {
			return fmt.Errorf("%d pods are new and %d of before are gone, not %d", len(fresh), lost, replicas-want)
		}
		return s.endpoints(ctx, want)
	}
}

// newcomer wants a new pod that is as ok wants it, while all pods of before serve.
func newcomer(ctx context.Context, s *stage, ok func(*corev1.Pod) error) error {
	fresh, lost, err := s.fresh(ctx)
	if err != nil {
		return err
	}
	if lost != 0 {
		return fmt.Errorf("%d pods of before are gone", lost)
	}
	missing := errors.New("there is no new pod")
	for i := range fresh {
		if missing = ok(&fresh[i]); missing == nil {
			return s.endpoints(ctx, replicas)
		}
	}
	return missing
}

// neverReady wants a new pod that answers, and has been found not to be ready.
func neverReady(ctx context.Context, s *stage) error {
	return newcomer(ctx, s, func(p *corev1.Pod) error {
		if cluster.PodReady(p) {
			return fmt.Errorf("pod %s is ready", p.Name)
		}
		if _, err := get(ctx, p, "/readyz"); err != nil {
			return fmt.Errorf("pod %s does not answer: %w", p.Name, err)
		}
		return nil
	})
}

// unschedulable wants a new pod for which the scheduler has found no node.
func unschedulable(ctx context.Context, s *stage) error {
	return newcomer(ctx, s, func(p *corev1.Pod) error {
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
				return nil
			}
		}
		return fmt.Errorf("pod %s is on node %q", p.Name, p.Spec.NodeName)
	})
}

// replaced wants as many new pods as there were before, all serving, and none of those of before.
func replaced(ctx context.Context, s *stage) error {
	fresh, lost, err := s.fresh(ctx)
	if err != nil {
		return err
	}
	if len(fresh) != replicas || lost != replicas {
		return fmt.Errorf("%d pods are new and %d of before are gone, not all", len(fresh), lost)
	}
	return s.endpoints(ctx, replicas)
}

// hanging wants a rollout that has begun, is paused, and has replaced no pod for that long, while all replicas serve.
func hanging(long time.Duration) func(context.Context, *stage) error {
	var since time.Time
	number := -1 // of new pods
	return func(ctx context.Context, s *stage) error {
		d, err := shared.client.AppsV1().Deployments(s.namespace).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		fresh, lost, err := s.fresh(ctx)
		if err != nil {
			return err
		}
		if !d.Spec.Paused || len(fresh) != number {
			number, since = len(fresh), time.Now()
		}
		if len(fresh) == 0 || lost == replicas || time.Since(since) < long {
			return fmt.Errorf("paused is %v; %d pods are new for %s, and %d of before are gone", d.Spec.Paused, len(fresh), time.Since(since), lost)
		}
		ready, err := s.ready(ctx)
		if err == nil && len(ready) < replicas {
			err = fmt.Errorf("%d pods serve", len(ready))
		}
		return err
	}
}

// stuck wants a new pod whose container waits for one of these reasons, beside all pods of before.
func stuck(reasons ...string) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		fresh, lost, err := s.fresh(ctx)
		if err != nil {
			return err
		}
		if lost != 0 {
			return fmt.Errorf("%d pods of before are gone", lost)
		}
		for _, p := range fresh {
			for _, c := range p.Status.ContainerStatuses {
				if c.State.Waiting != nil && slices.Contains(reasons, c.State.Waiting.Reason) {
					return nil
				}
			}
		}
		return fmt.Errorf("%d pods are new, and none waits for %v", len(fresh), reasons)
	}
}
