package inject

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// selecting are the Services that select pods of the target, and those pods.
type selecting struct {
	// chosen is the one named, or the only one.
	chosen *corev1.Service
	// others select some of the pods that chosen does.
	others []corev1.Service
	// inside are the live pods of the target that chosen selects, and outside those that it does not.
	inside, outside []*cluster.Pod
}

// serviceOf finds the Service by its name; without a name it is the only one that selects pods of the target.
func serviceOf(ctx context.Context, s Scope, name string) (*selecting, error) {
	live, err := livePods(ctx, s)
	if err != nil {
		return nil, err
	}
	all, err := s.Services(ctx, s.Workload.Namespace)
	if err != nil {
		return nil, err
	}
	found := &selecting{}
	if found.chosen, err = oneService(s, all, name, live); err != nil {
		return nil, err
	}
	for _, p := range live {
		if selects(found.chosen, p) {
			found.inside = append(found.inside, p)
		} else {
			found.outside = append(found.outside, p)
		}
	}
	if len(found.inside) == 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("Service %s selects none of the %d pods of %s", name, len(live), s.Workload)}
	}
	for i := range all {
		if all[i].Name != found.chosen.Name && slices.ContainsFunc(found.inside, func(p *cluster.Pod) bool { return selects(&all[i], p) }) {
			found.others = append(found.others, all[i])
		}
	}
	return found, nil
}

func oneService(s Scope, all []corev1.Service, name string, pods []*cluster.Pod) (*corev1.Service, error) {
	if name != "" {
		i := slices.IndexFunc(all, func(c corev1.Service) bool { return c.Name == name })
		switch {
		case i < 0:
			return nil, &target.Refusal{Reason: fmt.Sprintf("there is no Service %q in namespace %s", name, s.Workload.Namespace)}
		case len(all[i].Spec.Selector) == 0:
			return nil, &target.Refusal{Reason: fmt.Sprintf("Service %s selects no pods by their labels: its endpoints are made by somebody else", name)}
		}
		return &all[i], nil
	}
	var found []*corev1.Service
	var names []string
	for i := range all {
		if slices.ContainsFunc(pods, func(p *cluster.Pod) bool { return selects(&all[i], p) }) {
			found, names = append(found, &all[i]), append(names, all[i].Name)
		}
	}
	switch len(found) {
	case 0:
		return nil, &target.Refusal{Reason: fmt.Sprintf("no Service in namespace %s selects pods of %s", s.Workload.Namespace, s.Workload)}
	case 1:
		return found[0], nil
	}
	return nil, &target.Refusal{Reason: fmt.Sprintf("%d Services select pods of %s: name one of %s (service)", len(found), s.Workload, strings.Join(names, ", "))}
}

// selects says that a Service sends requests to a pod once that is ready. One without a selector selects none.
func selects(service *corev1.Service, p *cluster.Pod) bool {
	return len(service.Spec.Selector) > 0 && labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(p.Labels))
}

// findService are the needs of [serviceOf].
func findService(s access.Scope) []access.Need {
	return append(access.Needs("find the Service that selects the target", access.Object{Resource: services.Resource, Namespace: s.Target.Namespace}, "list"),
		access.Needs("see which pods the Service selects", access.Object{Resource: pods.Resource, Namespace: s.Target.Namespace}, "list")...)
}
