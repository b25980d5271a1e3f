package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func TestConverged(t *testing.T) {
	well := Status{Desired: 3, Current: 3, Updated: 3, Ready: 3, Available: 3, Settled: true}
	assert.True(t, well.Converged())
	assert.True(t, Status{Settled: true}.Converged(), "nothing is asked for, and nothing is there")
	for name, change := range map[string]func(*Status){
		"one too many":  func(s *Status) { s.Current = 4 },
		"an old one":    func(s *Status) { s.Updated = 2 },
		"not ready":     func(s *Status) { s.Ready = 2 },
		"not available": func(s *Status) { s.Available = 2 },
		"not seen yet":  func(s *Status) { s.Settled = false },
	} {
		s := well
		change(&s)
		assert.False(t, s.Converged(), name)
	}
}

func TestWorkloads(t *testing.T) {
	meta := metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "u1", Generation: 2, Annotations: map[string]string{"a": "b"}}
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	three := int32(3)
	want := Status{Desired: 3, Current: 3, Updated: 2, Ready: 1, Available: 1, Settled: true}
	all := map[string]func() (*Workload, error){
		"Deployment": func() (*Workload, error) {
			return FromDeployment(&appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Selector: selector, Replicas: &three}, Status: appsv1.DeploymentStatus{
				Replicas: 3, UpdatedReplicas: 2, ReadyReplicas: 1, AvailableReplicas: 1, ObservedGeneration: 2,
			}})
		},
		"StatefulSet": func() (*Workload, error) {
			return FromStatefulSet(&appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Selector: selector, Replicas: &three}, Status: appsv1.StatefulSetStatus{
				Replicas: 3, UpdatedReplicas: 2, ReadyReplicas: 1, AvailableReplicas: 1, ObservedGeneration: 2,
			}})
		},
		"DaemonSet": func() (*Workload, error) {
			return FromDaemonSet(&appsv1.DaemonSet{ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: selector}, Status: appsv1.DaemonSetStatus{
				DesiredNumberScheduled: 3, CurrentNumberScheduled: 3, UpdatedNumberScheduled: 2, NumberReady: 1, NumberAvailable: 1, ObservedGeneration: 2,
			}})
		},
	}
	for kind, make := range all {
		w, err := make()
		require.NoError(t, err)
		assert.Equal(t, want, w.Status, kind)
		assert.Equal(t, kind, w.Kind)
		assert.Equal(t, "u1", w.UID)
		assert.Equal(t, "apps", w.Resource.Group)
		assert.True(t, w.Selector.Matches(labels.Set{"app": "web", "more": "x"}))
		assert.Equal(t, map[string]string{"a": "b"}, w.Annotations)
	}
	w, err := FromReplicaSet(&appsv1.ReplicaSet{ObjectMeta: meta, Spec: appsv1.ReplicaSetSpec{Selector: selector}, Status: appsv1.ReplicaSetStatus{Replicas: 1, ReadyReplicas: 1, AvailableReplicas: 1}})
	require.NoError(t, err)
	assert.Equal(t, Status{Desired: 1, Current: 1, Updated: 1, Ready: 1, Available: 1}, w.Status, "one, where nothing is said; and its controller has not seen it yet")
	assert.Equal(t, "replicaset/web", w.String())

	_, err = FromDeployment(&appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Operator: "?"}}}}})
	require.ErrorContains(t, err, "Deployment shop/web")
}

func TestJob(t *testing.T) {
	n := func(i int32) *int32 { return &i }
	job := func(parallelism, completions *int32, status batchv1.JobStatus) int {
		w, err := FromJob(&batchv1.Job{Spec: batchv1.JobSpec{Parallelism: parallelism, Completions: completions, Selector: &metav1.LabelSelector{}}, Status: status})
		require.NoError(t, err)
		return w.Status.Desired
	}
	assert.Equal(t, 1, job(nil, nil, batchv1.JobStatus{}))
	assert.Equal(t, 4, job(n(4), n(10), batchv1.JobStatus{Succeeded: 3}))
	assert.Equal(t, 2, job(n(4), n(10), batchv1.JobStatus{Succeeded: 8}))
	assert.Equal(t, 0, job(n(4), nil, batchv1.JobStatus{Conditions: []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}}))
}

func TestReadiness(t *testing.T) {
	p := &corev1.Pod{}
	assert.False(t, PodReady(p))
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	assert.True(t, PodReady(p))
	p.DeletionTimestamp = &metav1.Time{}
	assert.False(t, PodReady(p), "it is on its way out")
	assert.True(t, PodCondition(p, corev1.PodReady))

	n := &corev1.Node{}
	assert.False(t, NodeReady(n))
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionUnknown}}
	assert.False(t, NodeReady(n))
	n.Status.Conditions[0].Status = corev1.ConditionTrue
	assert.True(t, NodeReady(n))
}

// TestSlim: what decides over a pod's fate survives.
func TestPodOf(t *testing.T) {
	yes, grace := true, int64(30)
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web-1", UID: "u1", Labels: map[string]string{"app": "web"}, ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubelet"}},
			Annotations:       map[string]string{ProtectAnnotation: "true", corev1.MirrorPodAnnotationKey: "x", "large": "not kept"},
			OwnerReferences:   []metav1.OwnerReference{{Kind: "ReplicaSet", Controller: &yes}},
			CreationTimestamp: metav1.NewTime(time.Unix(1, 0)), DeletionTimestamp: &metav1.Time{}, DeletionGracePeriodSeconds: &grace,
		},
		Spec: corev1.PodSpec{
			NodeName: "node1", Containers: []corev1.Container{{Name: "main", Image: "not kept"}},
			Volumes: []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}, {Name: "config"}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}
	var common gatherer
	s := common.gather(p)
	assert.Equal(t, p.UID, s.UID)
	assert.Equal(t, p.Labels, s.Labels)
	assert.Equal(t, map[string]string{ProtectAnnotation: "true", corev1.MirrorPodAnnotationKey: "x"}, s.Annotations)
	assert.Equal(t, p.OwnerReferences, s.OwnerReferences)
	assert.Equal(t, p.DeletionTimestamp, s.DeletionTimestamp)
	assert.Equal(t, p.CreationTimestamp, s.CreationTimestamp)
	assert.Equal(t, p.Spec.Volumes[:1], s.Shape.Volumes)
	assert.Equal(t, corev1.PodRunning, s.Phase)
	assert.False(t, s.Ready, "it is on its way out")
	assert.Equal(t, "node1", s.Node)
	assert.Empty(t, s.ManagedFields)
	assert.Empty(t, s.Shape.Containers[0].Image)

	again := common.gather(p.DeepCopy())
	assert.Equal(t, s, again)
	assert.Same(t, s.Shape, again.Shape, "what is equal is shared")
	other := p.DeepCopy()
	other.Labels["app"], other.OwnerReferences[0].Kind, other.Spec.NodeName = "api", "StatefulSet", "node2"
	other.Annotations, other.DeletionTimestamp = nil, nil
	third := common.gather(other)
	assert.Equal(t, other.Labels, third.Labels)
	assert.Equal(t, other.OwnerReferences, third.OwnerReferences)
	assert.Equal(t, "node2", third.Node)
	assert.Nil(t, third.Annotations)
	assert.True(t, third.Ready)
	assert.Same(t, s.Shape, third.Shape)
	assert.Equal(t, map[string]string{"app": "web"}, s.Labels, "and stays what it was")
}
