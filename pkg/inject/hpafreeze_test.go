package inject_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// scaled is [threeReplicas] with an autoscaler of these limits; 0 is no lower one.
func scaled(least, most int32) inject.Scope {
	hpa := autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "uid-hpa"}}
	hpa.Spec.MaxReplicas = most
	if least > 0 {
		hpa.Spec.MinReplicas = &least
	}
	v := newThreeReplicas()
	v.autoscalers = []autoscalingv2.HorizontalPodAutoscaler{hpa}
	return v.scope()
}

func TestHPAFreeze(t *testing.T) {
	for name, c := range map[string]struct {
		least, most int32
		undo        string
	}{
		"within its limits":     {1, 9, "restore spec.minReplicas, restore spec.maxReplicas"},
		"without a lower limit": {0, 9, "remove spec.minReplicas, restore spec.maxReplicas"},
		"at the upper limit":    {1, 3, "restore spec.minReplicas"},
		"at the lower limit":    {3, 9, "restore spec.maxReplicas"},
	} {
		t.Run(name, func(t *testing.T) {
			changes := planned(t, &inject.HPAFreeze{}, scaled(c.least, c.most))
			require.Equal(t, []string{"0 patch web"}, names(changes))
			assert.Equal(t, "HorizontalPodAutoscaler", changes[0].Object.Kind)
			assert.Equal(t, c.undo, changes[0].Undo())
			assert.Empty(t, changes[0].Removed())
			for _, f := range changes[0].Edit.Fields {
				assert.JSONEq(t, "3", string(f.Value), f.PathString())
			}
		})
	}
}

// TestHPAFreezeElsewhere: the target is scaled before its autoscaler is frozen, and back after that is free.
func TestHPAFreezeElsewhere(t *testing.T) {
	for replicas, removed := range map[int]int{2: 1, 5: 0} {
		changes := planned(t, &inject.HPAFreeze{Replicas: &replicas}, scaled(1, 9))
		require.Len(t, changes, 2)
		scale, freeze := changes[0], changes[1]
		assert.Equal(t, "Deployment", scale.Object.Kind)
		assert.Less(t, scale.Stage, freeze.Stage)
		assert.Equal(t, freeze.ID, scale.UndoAfter)
		assert.Len(t, scale.Removed(), removed)
		assert.JSONEq(t, strconv.Itoa(replicas), string(scale.Edit.Fields[0].Value))
		assert.JSONEq(t, strconv.Itoa(replicas), string(freeze.Edit.Fields[0].Value))
	}
	same := 3
	assert.Len(t, planned(t, &inject.HPAFreeze{Replicas: &same}, scaled(1, 9)), 1)
}

func TestHPAFreezeRefused(t *testing.T) {
	refused(t, &inject.HPAFreeze{}, newThreeReplicas().scope(), "no HorizontalPodAutoscaler in namespace shop scales deployment/web")
	refused(t, &inject.HPAFreeze{}, scaled(3, 3), "HorizontalPodAutoscaler web keeps deployment/web at 3 replicas already")
	off := scaled(1, 9)
	off.Workload.Status.Desired = 0
	refused(t, &inject.HPAFreeze{}, off, "HorizontalPodAutoscaler web does nothing")
	daemon := scaled(1, 9)
	daemon.Workload.Kind = "DaemonSet"
	refused(t, &inject.HPAFreeze{}, daemon, "has no number of replicas to freeze")
	two := newThreeReplicas()
	two.autoscalers = make([]autoscalingv2.HorizontalPodAutoscaler, 2)
	two.autoscalers[0].Name, two.autoscalers[1].Name = "a", "b"
	refused(t, &inject.HPAFreeze{}, two.scope(), "HorizontalPodAutoscalers a and b both name deployment/web")
}
