package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func scaling() []faultCase {
	return []faultCase{
		{fault: "scale", name: "down", yaml: "- scale: {to: 1}", inForce: serving(1)},
		{fault: "scale", name: "up", yaml: "- scale: {by: 2}", inForce: serving(replicas + 2), duration: 15 * time.Second},
		{fault: "scale", name: "a StatefulSet", yaml: "- scale: {to: 2}", inForce: serving(2), build: asStatefulSet},
		{fault: "scale", name: "by a percentage", yaml: "- scale: {by: -50%}", inForce: serving(2)},
		{fault: "loadSurge", yaml: "- loadSurge: {of: browse, rate: 50/s}", inForce: asked(1000), lasts: true,
			spec: "  load:\n  - {name: browse, http: {service: web, path: /readyz}, rate: 5/s}\n"},
		{fault: "quotaSqueeze", yaml: "- quotaSqueeze: {}", inForce: full},
		{fault: "admissionDeny", yaml: "- admissionDeny: {}", inForce: notAdmitted},
		{fault: "admissionDeny", name: "beside a kill", duration: 10 * time.Second, inForce: notReplaced,
			yaml: "- admissionDeny: {pods: namespace}\n- {at: 3s, podKill: {count: 1, gracePeriod: 0s}}"},
		{fault: "hpaFreeze", yaml: "- hpaFreeze: {}", inForce: frozen(replicas)},
		{fault: "hpaFreeze", name: "elsewhere", yaml: "- hpaFreeze: {replicas: 2}", inForce: frozen(2)},
	}
}

// frozen wants both limits of the autoscaler to be that number, and as many pods to serve.
func frozen(want int) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		a, err := shared.client.AutoscalingV2().HorizontalPodAutoscalers(s.namespace).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if least := a.Spec.MinReplicas; least == nil || int(*least) != want || int(a.Spec.MaxReplicas) != want {
			return fmt.Errorf("the limits are %v and %d", least, a.Spec.MaxReplicas)
		}
		return s.endpoints(ctx, want)
	}
}

// serving wants the Service to send requests to so many pods.
func serving(want int) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error { return s.endpoints(ctx, want) }
}

// full wants the API to refuse another pod, for want of room.
func full(ctx context.Context, s *stage) error {
	_, err := shared.client.CoreV1().Pods(s.namespace).Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "one-more"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "one", Image: "registry.invalid/one:1"}}},
	}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota") {
		return nil
	}
	return errors.Join(errors.New("another pod would be let in"), err)
}

// notAdmitted wants the API to refuse another pod of the workload, and no other.
func notAdmitted(ctx context.Context, s *stage) error {
	try := func(labels map[string]string) error {
		_, err := shared.client.CoreV1().Pods(s.namespace).Create(ctx, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "one-more", Labels: labels},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "one", Image: "registry.invalid/one:1"}}},
		}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	if err := try(nil); err != nil {
		return fmt.Errorf("a pod that is not the workload's is refused: %w", err)
	}
	if err := try(s.pods[0].Labels); err == nil || !strings.Contains(err.Error(), "chaosctl lets no new pods in") {
		return errors.Join(errors.New("another pod would be let in"), err)
	}
	return nil
}

// notReplaced wants a pod to be missing, and the ReplicaSet to say that its successor was refused.
func notReplaced(ctx context.Context, s *stage) error {
	fresh, lost, err := s.fresh(ctx)
	if err != nil {
		return err
	}
	if lost != 1 || len(fresh) > 0 {
		return fmt.Errorf("%d pods are lost, and %d are new", lost, len(fresh))
	}
	sets, err := shared.client.AppsV1().ReplicaSets(s.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range sets.Items {
		for _, c := range sets.Items[i].Status.Conditions {
			if c.Type == appsv1.ReplicaSetReplicaFailure && strings.Contains(c.Message, "chaosctl lets no new pods in") {
				return nil
			}
		}
	}
	return errors.New("no ReplicaSet tells of a refusal")
}

// asked wants the pods to have received so many packets, of which a request takes several.
func asked(packets int) func(context.Context, *stage) error {
	return func(_ context.Context, s *stage) error {
		all, err := s.processes()
		if err != nil {
			return err
		}
		received, sum := map[string]int{}, 0
		for _, p := range all { // those of one pod share a network
			if n, err := p.received(); err == nil {
				received[p.pod] = n
			}
		}
		for _, n := range received {
			sum += n
		}
		if sum < packets {
			return fmt.Errorf("%d pods have received %d packets", len(received), sum)
		}
		return nil
	}
}
