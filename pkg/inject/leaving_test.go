package inject

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
)

func TestLeaving(t *testing.T) {
	pod := func(name string, ready corev1.ConditionStatus) *cluster.Pod {
		return cluster.PodOf(&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)},
			Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
		})
	}
	pods := []*cluster.Pod{pod("db-10", corev1.ConditionTrue), pod("db-9", corev1.ConditionTrue), pod("db-2", corev1.ConditionFalse), pod("db-x", corev1.ConditionTrue)}
	of := func(kind string, n int) []types.UID { return leaving(&cluster.Workload{Kind: kind}, pods, n) }
	assert.Equal(t, []types.UID{"db-10", "db-9", "db-2"}, of("StatefulSet", 3), "the highest ordinals go first, whether they are ready or not")
	assert.Equal(t, []types.UID{"db-2", "db-10"}, of("Deployment", 2), "what is not ready goes first")
	assert.Len(t, of("Deployment", 9), 4)
	assert.Empty(t, of("StatefulSet", 0))
	assert.Equal(t, "db-10", pods[0].Name, "the list is shared, and keeps its order")
}
