package cluster

import (
	"context"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Surroundings are the objects of a namespace that act on a workload.
type Surroundings struct {
	// Services select the workload's pods, by the labels of its template.
	Services []corev1.Service
	// Budgets cover its pods.
	Budgets []policyv1.PodDisruptionBudget
	// Autoscaler changes its number of replicas; nil if none does.
	Autoscaler *autoscalingv2.HorizontalPodAutoscaler
	// Hidden names the kinds that the user may not list, so that nothing is known about them.
	Hidden []string
}

// Surroundings finds out what acts on a workload. What the user may not list is no error.
func (c *Cluster) Surroundings(ctx context.Context, w *Workload) (*Surroundings, error) {
	s := &Surroundings{}
	pod := labels.Set(w.Template.Labels)
	services, err := c.Client.CoreV1().Services(w.Namespace).List(ctx, metav1.ListOptions{})
	if err := s.allowed("Services", err); err != nil {
		return nil, err
	}
	for i := range services.Items {
		selector := services.Items[i].Spec.Selector
		if len(selector) > 0 && labels.SelectorFromSet(selector).Matches(pod) {
			s.Services = append(s.Services, services.Items[i])
		}
	}
	budgets, err := c.Client.PolicyV1().PodDisruptionBudgets(w.Namespace).List(ctx, metav1.ListOptions{})
	if err := s.allowed("PodDisruptionBudgets", err); err != nil {
		return nil, err
	}
	for i := range budgets.Items {
		selector, err := metav1.LabelSelectorAsSelector(budgets.Items[i].Spec.Selector)
		if err == nil && selector.Matches(pod) {
			s.Budgets = append(s.Budgets, budgets.Items[i])
		}
	}
	scalers, err := c.Autoscalers(ctx, w)
	if err := s.allowed("HorizontalPodAutoscalers", err); err != nil {
		return nil, err
	}
	for i := range scalers {
		s.Autoscaler = &scalers[i]
	}
	return s, nil
}

// allowed passes on all errors but that of a kind that the user may not list, which it remembers.
func (s *Surroundings) allowed(kind string, err error) error {
	if apierrors.IsForbidden(err) {
		s.Hidden = append(s.Hidden, kind)
		return nil
	}
	return err
}
