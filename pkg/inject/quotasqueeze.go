package inject

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "quotaSqueeze",
	Summary: "Puts a ResourceQuota on the target's namespace that leaves no room for new pods; the quota is removed again.",
	Example: `
- name: no-room
  quotaSqueeze: {}
  for: 30s
`,
	New: func() Fault { return &QuotaSqueeze{} },
})

// QuotaSqueeze keeps new pods from being created in the target's namespace. Those that are there stay, and none that is lost
// meanwhile is replaced; so it goes well beside a fault that takes pods away.
type QuotaSqueeze struct {
	// Spare is how many more pods than there are now the quota allows. 0 unless told otherwise.
	Spare int `json:"spare,omitempty"`
}

// Check refuses a quota below what is there: it would not take pods away either.
func (f *QuotaSqueeze) Check(c *experiment.Check) {
	if f.Spare < 0 {
		c.Fail("spare", "%d is no number of pods: expected 0 or more", f.Spare)
	}
}

// Plan creates the quota. It counts the pods that a quota counts: those that have not ended.
func (f *QuotaSqueeze) Plan(ctx context.Context, s Scope) ([]Change, error) {
	namespace := s.Workload.Namespace
	all, err := s.Pods(ctx, namespace, labels.Everything())
	if err != nil {
		return nil, err
	}
	pods := f.Spare
	for _, p := range all {
		if p.Phase != corev1.PodSucceeded && p.Phase != corev1.PodFailed {
			pods++
		}
	}
	quota := &corev1.ResourceQuota{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ResourceQuota"},
		ObjectMeta: metav1.ObjectMeta{Name: createdName(s, "quota"), Namespace: namespace},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(int64(pods), resource.DecimalSI)}},
	}
	return []Change{{
		ID: "quota", What: fmt.Sprintf("allow %d pods in namespace %s, of which there are %d", pods, namespace, pods-f.Spare),
		Object: Object{Resource: resourceQuotas, Kind: quota.Kind, Namespace: namespace, Name: quota.Name},
		// The quota controller takes a while to count; the quota refuses nothing before that.
		Create: &Create{Manifest: mustJSON(quota), Until: "has(object.status.hard) && has(object.status.used)"},
	}}, nil
}

// Needs are those of a quota in the target's namespace, and of counting the pods there.
func (f *QuotaSqueeze) Needs(s access.Scope) []access.Need {
	counting := access.Object{Resource: pods.Resource, Namespace: s.Target.Namespace}
	return append(access.Needs("count the pods", counting, "list"),
		creations(resourceQuotas, s.Target.Namespace, "", "keep new pods from being created")...)
}
