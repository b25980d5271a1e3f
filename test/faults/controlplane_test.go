package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func controlPlane() []faultCase {
	return []faultCase{
		{fault: "finalizerBlock", yaml: "- finalizerBlock: {delete: true}", inForce: overdue(1), duration: 15 * time.Second},
		{fault: "finalizerBlock", name: "of an object", yaml: "- finalizerBlock: {object: configmap/settings, finalizer: example.com/hold}", inForce: held},
		{fault: "leaseSteal", yaml: "- leaseSteal: {lease: operator}", inForce: stolen, build: withLease},
		{fault: "leaseSteal", name: "until another leads", yaml: "- leaseSteal: {lease: election}", inForce: ledBy("op-2"), beside: elect, moving: []string{"Lease election"}, lasts: true, duration: 15 * time.Second},
	}
}

// overdue wants so many pods to be on their way out long after the time that they were given, and as many others to serve in
// their place.
func overdue(want int) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		list, err := shared.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		late := slices.DeleteFunc(list.Items, func(p corev1.Pod) bool {
			return p.DeletionTimestamp == nil || time.Since(p.DeletionTimestamp.Time) < 3*time.Second
		})
		if len(late) != want {
			return fmt.Errorf("%d pods are long past their deletion, not %d", len(late), want)
		}
		return s.endpoints(ctx, replicas)
	}
}

// held wants the configuration to have the finalizer.
func held(ctx context.Context, s *stage) error {
	settings, err := shared.client.CoreV1().ConfigMaps(s.namespace).Get(ctx, "settings", metav1.GetOptions{})
	if err == nil && !slices.Contains(settings.Finalizers, "example.com/hold") {
		err = errors.New("it has no finalizer")
	}
	return err
}
