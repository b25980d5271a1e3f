package cluster

import (
	"context"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Autoscalers lists the HorizontalPodAutoscalers that change the workload's number of replicas: more than one by
// mistake, for then Kubernetes lets none of them act.
func (c *Cluster) Autoscalers(ctx context.Context, w *Workload) ([]autoscalingv2.HorizontalPodAutoscaler, error) {
	list, err := c.Client.AutoscalingV2().HorizontalPodAutoscalers(w.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list.Items, func(a autoscalingv2.HorizontalPodAutoscaler) bool {
		return a.Spec.ScaleTargetRef.Kind != w.Kind || a.Spec.ScaleTargetRef.Name != w.Name
	}), nil
}
