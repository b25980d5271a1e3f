package inject_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// denied plans the fault, and reads what it would create.
func denied(t *testing.T, f *inject.AdmissionDeny, s inject.Scope) ([]inject.Change, *admissionv1.ValidatingAdmissionPolicy, *admissionv1.ValidatingAdmissionPolicyBinding, *coordinationv1.Lease) {
	t.Helper()
	changes := planned(t, f, s)
	require.Len(t, changes, 3)
	policy, binding, lease := &admissionv1.ValidatingAdmissionPolicy{}, &admissionv1.ValidatingAdmissionPolicyBinding{}, &coordinationv1.Lease{}
	for i, into := range []any{policy, binding, lease} {
		require.NoError(t, json.Unmarshal(changes[i].Create.Manifest, into))
	}
	return changes, policy, binding, lease
}

func TestAdmissionDeny(t *testing.T) {
	s := (&view{}).scope()
	s.Lasts, s.Workload.Template.Labels = 20*time.Second, map[string]string{"app": "web", "tier": "front"}
	changes, policy, binding, lease := denied(t, &inject.AdmissionDeny{Pods: inject.AdmitTarget}, s)
	assert.Equal(t, []string{"0 create " + policy.Name, "1 create " + policy.Name, "2 create " + lease.Name}, names(changes), "nothing is refused before the last of them")
	assert.Equal(t, changes[1].ID, changes[0].UndoAfter)
	assert.Equal(t, changes[2].ID, changes[1].UndoAfter, "the Lease goes first, and the denial with it")

	assert.Equal(t, map[string]string{"app": "web"}, policy.Spec.MatchConstraints.ObjectSelector.MatchLabels)
	assert.Equal(t, "shop", policy.Spec.MatchConstraints.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"])
	assert.Equal(t, admissionv1.Ignore, *policy.Spec.FailurePolicy)
	assert.Equal(t, policy.Name, binding.Spec.PolicyName)
	assert.Equal(t, &admissionv1.ParamRef{Name: lease.Name, Namespace: "shop", ParameterNotFoundAction: new(admissionv1.AllowAction)}, binding.Spec.ParamRef,
		"without the Lease, nothing is refused")
	assert.Equal(t, int32(35), *lease.Spec.LeaseDurationSeconds)
	assert.Contains(t, changes[2].What, "new pods of deployment/web, for 35s at the most")

	var trial corev1.Pod
	require.NoError(t, json.Unmarshal(changes[2].Create.Refused.Manifest, &trial))
	assert.Equal(t, s.Workload.Template.Labels, trial.Labels)
	assert.Equal(t, "'"+policy.Name+"'", changes[2].Create.Refused.By)

	elsewhere := s
	elsewhere.Workload = &cluster.Workload{Kind: "Deployment", Namespace: "lab", Name: "web", Selector: s.Workload.Selector, Template: s.Workload.Template}
	other, _, _, _ := denied(t, &inject.AdmissionDeny{}, elsewhere)
	assert.NotEqual(t, changes[0].Object.Name, other[0].Object.Name, "what is in no namespace is not to clash with that of another's")
}

func TestAdmissionDenyOfANamespace(t *testing.T) {
	s := (&view{pods: []*cluster.Pod{pod("web-1", "n1")}}).scope()
	changes, policy, _, _ := denied(t, &inject.AdmissionDeny{Pods: inject.AdmitNamespace}, s)
	assert.Nil(t, policy.Spec.MatchConstraints.ObjectSelector)
	assert.Contains(t, changes[2].What, "new pods of namespace shop")
}

// TestTrialPod: it is taken for one of the target's, and the strictest standard lets it in.
func TestTrialPod(t *testing.T) {
	s := (&view{pods: []*cluster.Pod{pod("web-1", "n1")}}).scope()
	s.Workload.Kind = ""
	changes := planned(t, &inject.AdmissionDeny{}, s)
	var trial corev1.Pod
	require.NoError(t, json.Unmarshal(changes[2].Create.Refused.Manifest, &trial))
	assert.Equal(t, map[string]string{"app": "web"}, trial.Labels, "those of a pod, where there is no template")
	assert.True(t, *trial.Spec.Containers[0].SecurityContext.RunAsNonRoot)

	s.View = &view{}
	refused(t, &inject.AdmissionDeny{}, s, "has no pods, by whose labels new ones would be known")
	s.Workload.Template = corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}}}
	planned(t, &inject.AdmissionDeny{}, s)
}
