package inject_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

func TestBadReadiness(t *testing.T) {
	changes := planned(t, &inject.BadReadiness{}, newThreeReplicas().scope())
	require.Len(t, changes, 1)
	f := changes[0].Edit.Fields[0]
	assert.Nil(t, f.Original, "there was none")
	assert.Equal(t, "remove spec.template.spec.containers[name=web].readinessProbe", changes[0].Undo())

	s := newThreeReplicas().scope()
	s.Workload.Template.Spec.Containers[0].ReadinessProbe = &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromString("http"), Scheme: "HTTP"}},
		PeriodSeconds: 5,
	}
	changes = planned(t, &inject.BadReadiness{}, s)
	assert.JSONEq(t, `{"httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"}, "periodSeconds": 5}`, string(changes[0].Edit.Fields[0].Original))
	assert.Equal(t, "restore spec.template.spec.containers[name=web].readinessProbe", changes[0].Undo())

	var bad corev1.Probe
	require.NoError(t, json.Unmarshal(f.Value, &bad))
	assert.Equal(t, int32(1), bad.FailureThreshold)
	s.Workload.Template.Spec.Containers[0].ReadinessProbe = &bad
	refused(t, &inject.BadReadiness{}, s, "has a readiness probe that always fails already")
}
