package timeline

import (
	"testing"

	"github.com/stretchr/testify/assert"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
)

// TestRecordedRevision: each kind that has rollouts tells which one it is at.
func TestRecordedRevision(t *testing.T) {
	meta := metav1.ObjectMeta{Name: "web", UID: "d1", Annotations: map[string]string{
		"deployment.kubernetes.io/revision": "4", appsv1.DeprecatedTemplateGeneration: "5",
	}}
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	r, log := newTestRecorder("Deployment", 1)
	seen := func() event.WorkloadObserved {
		all := log.take()
		if !assert.Len(t, all, 1) {
			return event.WorkloadObserved{}
		}
		return all[0].(event.WorkloadObserved)
	}
	d := &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Selector: selector}}
	d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "NewReplicaSetAvailable"}}
	workload(r, cluster.FromDeployment)(d, false, true)
	o := seen()
	assert.Equal(t, "4", o.Revision)
	assert.Empty(t, o.Halted)
	d.Status.Conditions[0].Status, d.Status.Conditions[0].Reason = corev1.ConditionFalse, "ProgressDeadlineExceeded"
	workload(r, cluster.FromDeployment)(d, false, false)
	assert.Equal(t, "ProgressDeadlineExceeded", seen().Halted)

	s := &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Selector: selector}, Status: appsv1.StatefulSetStatus{UpdateRevision: "web-6f"}}
	workload(r, cluster.FromStatefulSet)(s, false, false)
	assert.Equal(t, "web-6f", seen().Revision)
	workload(r, cluster.FromDaemonSet)(&appsv1.DaemonSet{ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: selector}}, false, false)
	assert.Equal(t, "5", seen().Revision)
}
