package inject

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/chaosctl/chaosctl/pkg/cluster"
)

// controllersLabels are labels that controllers give to their pods, and by which they tell them apart: a controller sets one
// back that is changed, or takes the pod for an old one.
var controllersLabels = []string{
	"pod-template-hash", "controller-revision-hash", "pod-template-generation", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
	"controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "batch.kubernetes.io/job-completion-index",
}

// owners tells by which labels pods belong to their controllers.
type owners struct {
	workload *cluster.Workload
	// others are those of the namespace, where the target is a selector and so says nothing of its pods' controllers.
	others []*cluster.Workload
}

// ownersOf reads what there is to know, which takes a request where the target is a selector.
func ownersOf(ctx context.Context, s Scope) (*owners, error) {
	o := &owners{workload: s.Workload}
	if s.Workload.Kind != "" {
		return o, nil
	}
	var err error
	o.others, err = s.Workloads(ctx, s.Workload.Namespace)
	return o, err
}

// hold says that a pod may cease to belong to its controller, or to the target, if the label is changed. Of a controller that
// is not known anything may be.
func (o *owners) hold(p *cluster.Pod, label string) bool {
	if requires(o.workload.Selector, label) {
		return true
	}
	controller := metav1.GetControllerOf(p)
	if o.workload.Kind != "" || controller == nil {
		return false
	}
	i := slices.IndexFunc(o.others, func(w *cluster.Workload) bool {
		owns := w.Kind == controller.Kind && w.Name == controller.Name || w.Kind == "Deployment" && controller.Kind == "ReplicaSet"
		return owns && w.Selector.Matches(labels.Set(p.Labels))
	})
	return i < 0 || requires(o.others[i].Selector, label)
}

func requires(selector labels.Selector, label string) bool {
	requirements, _ := selector.Requirements()
	return slices.ContainsFunc(requirements, func(r labels.Requirement) bool { return r.Key() == label })
}
