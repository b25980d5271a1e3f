package faults

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

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
		{fault: "loadSurge", yaml: "- loadSurge: {of: browse, rate: 100/s}", inForce: asked(300), lasts: true,
			spec: "  load:\n  - {name: browse, http: {service: web, path: /products}, rate: 5/s}\n"},
		{fault: "quotaSqueeze", yaml: "- quotaSqueeze: {}", inForce: full},
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

// asked wants the pods to have answered so many requests, by their own count: more than the load alone sends in a run.
func asked(want float64) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		var all float64
		for i := range s.pods {
			text, err := get(ctx, &s.pods[i], "/metrics")
			if err != nil {
				return err
			}
			for line := range strings.Lines(text) {
				if !strings.HasPrefix(line, "shop_requests_total{") {
					continue
				}
				fields := strings.Fields(line)
				n, err := strconv.ParseFloat(fields[len(fields)-1], 64)
				if err != nil {
					return err
				}
				all += n
			}
		}
		if all < want {
			return fmt.Errorf("they have answered %v requests", all)
		}
		return nil
	}
}
