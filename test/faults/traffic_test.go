package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func traffic() []faultCase {
	return []faultCase{
		{fault: "endpointRemove", yaml: "- endpointRemove: {count: 1}", inForce: removed(1), after: sameLabels},
		{fault: "endpointRemove", name: "all, of a StatefulSet", yaml: "- endpointRemove: {count: all}", inForce: removed(replicas), after: sameLabels, build: asStatefulSet},
		{fault: "endpointRemove", name: "orphans", yaml: "- endpointRemove: {count: 1, label: app, orphan: true}", inForce: orphaned},
		{fault: "serviceSelector", yaml: "- serviceSelector: {}", inForce: removed(replicas)},
		{fault: "serviceSelector", name: "elsewhere", yaml: "- serviceSelector: {service: web, selector: {app: web, version: v2}}", inForce: removed(replicas)},
		{fault: "networkPolicy", yaml: "- networkPolicy: {}", inForce: shutOff, beside: enforce},
		{fault: "networkPolicy", name: "both directions", yaml: "- networkPolicy: {deny: both}", inForce: shutOff, beside: enforce},
		{fault: "networkPolicy", name: "egress", yaml: "- networkPolicy: {deny: egress, image: '" + agentImage + "'}", inForce: shutIn, beside: enforce},
	}
}

// removed wants all pods of before to live and answer, and all but so many to be endpoints of the Service.
func removed(want int) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		fresh, lost, err := s.fresh(ctx)
		if err != nil {
			return err
		}
		if len(fresh) != 0 || lost != 0 {
			return fmt.Errorf("%d pods are new and %d of before are gone", len(fresh), lost)
		}
		if err := s.endpoints(ctx, replicas-want); err != nil {
			return err
		}
		for i := range s.pods {
			if _, err := get(ctx, &s.pods[i], "/readyz"); err != nil {
				return fmt.Errorf("pod %s does not answer: %w", s.pods[i].Name, err)
			}
		}
		return nil
	}
}

// orphaned wants one pod of before to live without an owner, and another to serve in its place.
func orphaned(ctx context.Context, s *stage) error {
	fresh, lost, err := s.fresh(ctx)
	if err != nil {
		return err
	}
	if len(fresh) != 1 || lost != 0 {
		return fmt.Errorf("%d pods are new and %d of before are gone", len(fresh), lost)
	}
	now, err := s.live(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(now, func(p corev1.Pod) bool { return metav1.GetControllerOf(&p) == nil }) {
		return errors.New("all pods have an owner")
	}
	return s.endpoints(ctx, replicas)
}

// sameLabels looks at the pods of before: they are there, with the labels that they had.
func sameLabels(t *testing.T, s *stage) {
	t.Helper()
	now, err := s.live(t.Context())
	require.NoError(t, err)
	labels := func(pods []corev1.Pod) map[types.UID]map[string]string {
		all := map[types.UID]map[string]string{}
		for i := range pods {
			all[pods[i].UID] = maps.Clone(pods[i].Labels)
		}
		return all
	}
	assert.Equal(t, labels(s.pods), labels(now))
}
