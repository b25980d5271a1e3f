package inject

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/target"
)

// trialPod is a pod as the target's controller would make one, as far as it matters to who admits pods. It is for dry runs; it meets
// the strictest Pod Security Standard, and asks for what the target's pods ask for.
func trialPod(ctx context.Context, s Scope) (*corev1.Pod, error) {
	template := s.Workload.Template
	labels := template.Labels
	if len(labels) == 0 {
		list, err := s.Pods(ctx, s.Workload.Namespace, s.Workload.Selector)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return nil, &target.Refusal{Reason: fmt.Sprintf("%s has no pods, by whose labels new ones would be known", subject(s.Workload))}
		}
		labels = list[0].Labels
	}
	container := corev1.Container{
		Name: "trial", Image: "registry.invalid/trial:1",
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false), RunAsNonRoot: new(true), RunAsUser: new(int64(65534)),
			Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
	if len(template.Spec.Containers) > 0 {
		container.Resources = *template.Spec.Containers[0].Resources.DeepCopy()
		container.Resources.Claims = nil
	}
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{GenerateName: "chaosctl-trial-", Namespace: s.Workload.Namespace, Labels: labels},
		Spec: corev1.PodSpec{
			ServiceAccountName: template.Spec.ServiceAccountName, AutomountServiceAccountToken: new(false),
			Containers: []corev1.Container{container},
		},
	}, nil
}
