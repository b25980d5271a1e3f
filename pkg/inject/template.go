package inject

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// rollouts are the kinds that replace their pods when the template changes.
var rollouts = []string{"Deployment", "StatefulSet", "DaemonSet"}

// canRollOut refuses a workload that would replace no pod if its template changed.
func canRollOut(w *cluster.Workload) error {
	switch {
	case !slices.Contains(rollouts, w.Kind):
		return &target.Refusal{Reason: fmt.Sprintf("%s rolls nothing out: expected a deployment, a statefulset or a daemonset as the target", subject(w))}
	case w.Rollout.Held != "":
		return &target.Refusal{Reason: fmt.Sprintf("%s would roll nothing out: %s", w, w.Rollout.Held)}
	case w.Status.Desired == 0:
		return &target.Refusal{Reason: fmt.Sprintf("%s asks for no pods, so there is nothing to roll out", w)}
	}
	return nil
}

// spoilt is the container of the template that a bad rollout changes: that of the name, or the first where none is given.
// Refused are workloads that would replace no pod, or would not come back by the undo.
func spoilt(w *cluster.Workload, name string) (*corev1.Container, error) {
	if err := canRollOut(w); err != nil {
		return nil, err
	}
	if w.Rollout.Ordered {
		return nil, &target.Refusal{Reason: fmt.Sprintf("%s starts its pods in order (podManagementPolicy OrderedReady): Kubernetes would wait for the broken pod after the undo too, until somebody deletes it; Parallel does not", w)}
	}
	containers := w.Template.Spec.Containers
	for i := range containers {
		if name == "" || containers[i].Name == name {
			return &containers[i], nil
		}
	}
	return nil, &target.Refusal{Reason: fmt.Sprintf("%s has no container %q in its template", w, name)}
}

// rollOut changes fields of the target's template.
func rollOut(ctx context.Context, s Scope, id, what string, fields ...Field) ([]Change, error) {
	c := onWorkload(s.Workload, id, what, fields...)
	if err := countLoss(ctx, s, s.Workload, &c); err != nil {
		return nil, err
	}
	return []Change{c}, nil
}

// countLoss has the guard count the pods that the workload's strategy lets a rollout take away before their successors are
// ready: in a bad one these never are.
func countLoss(ctx context.Context, s Scope, w *cluster.Workload, c *Change) error {
	if w.Rollout.MaxUnavailable == 0 {
		return nil
	}
	pods, err := s.Pods(ctx, w.Namespace, w.Selector)
	if err != nil {
		return err
	}
	c.Removes = leaving(w, staying(pods), w.Rollout.MaxUnavailable)
	return nil
}

// inTemplate is the path of a field of a workload's pod template.
func inTemplate(path ...string) []string { return append([]string{"spec", "template"}, path...) }

// inContainer is the path of a field of a container of the template.
func inContainer(c *corev1.Container, path ...string) []string {
	return append(inTemplate("spec", "containers", Element("name", c.Name)), path...)
}
