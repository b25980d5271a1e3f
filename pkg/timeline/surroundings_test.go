package timeline

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/event"
)

func told(kind, name, uid string) *corev1.Event {
	e := &corev1.Event{Reason: "Killing", Message: strings.Repeat("m", longestHappened+1), Type: corev1.EventTypeWarning, Count: 2}
	e.InvolvedObject.Kind, e.InvolvedObject.Name = kind, name
	e.InvolvedObject.UID = podIn(uid).UID
	return e
}

func TestHappened(t *testing.T) {
	r, log := newTestRecorder("Deployment", 1)
	r.happened(told("Pod", "web-5d-x2b4c", "new"), false, false)
	r.happened(told("Deployment", "web", "d1"), false, false)
	r.happened(told("Pod", "website-1", "w"), false, false)
	r.happened(told("Service", "web", "s"), false, false)
	r.happened(told("Deployment", "web-admin", "n1"), false, false)
	r.happened(told("ReplicaSet", "web-admin-5d", "n2"), false, false)
	r.happened(told("Pod", "web-admin-5d-x2b4c", "n3"), false, false)
	r.happened(told("Pod", "web-0", "n4"), false, false)
	r.happened(told("Pod", "web-5d-x2b4c", "new"), true, false)
	all := log.take()
	require.Len(t, all, 2, "those of others, and those that expire, are none")
	assert.Equal(t, event.Happened{Kind: "Pod", Name: "web-5d-x2b4c", UID: "new", Warning: true, Reason: "Killing", Message: strings.Repeat("m", longestHappened), Count: 2}, all[0])

	for range 2 * mostHappened {
		r.happened(told("Deployment", "web", "d1"), false, false)
	}
	all = log.take()
	assert.Len(t, all, mostHappened-2+1)
	assert.IsType(t, event.Noted{}, all[len(all)-1])
}

func TestKin(t *testing.T) {
	for workload, all := range map[string]map[string]bool{
		"Deployment":  {"Pod/-5d-x2b4c": true, "ReplicaSet/-5d": true, "Pod/-0": false, "Pod/-admin-5d-x2b4c": false, "Job/-5d": false},
		"StatefulSet": {"Pod/-0": true, "Pod/-12": true, "Pod/-x2b4c": false, "ReplicaSet/-5d": false},
		"DaemonSet":   {"Pod/-x2b4c": true, "Pod/-5d-x2b4c": false, "Pod/-admin": false},
		"":            {"Pod/-x2b4c": false},
	} {
		for name, want := range all {
			kind, rest, _ := strings.Cut(name, "/")
			own, known := kin(workload, kind)
			assert.Equal(t, want, known && own.MatchString(rest), "%s of a %s", name, workload)
		}
	}
}

func TestScaler(t *testing.T) {
	r, log := newTestRecorder("Deployment", 1)
	h := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Name: "web", UID: "h1"}}
	h.Spec.ScaleTargetRef.Kind, h.Spec.ScaleTargetRef.Name, h.Spec.MaxReplicas = "Deployment", "web", 5
	h.Status.CurrentReplicas, h.Status.DesiredReplicas = 3, 5
	h.Status.Conditions = []autoscalingv2.HorizontalPodAutoscalerCondition{
		{Type: autoscalingv2.ScalingLimited, Status: corev1.ConditionTrue, Reason: "TooManyReplicas"},
		{Type: autoscalingv2.ScalingActive, Status: corev1.ConditionTrue, Reason: "ValidMetricFound"},
	}
	r.scaler(h, false, true)
	r.scaler(h, false, false)
	assert.Equal(t, []event.Payload{event.ScalerObserved{Name: "web", UID: "h1", Min: 1, Max: 5, Current: 3, Desired: 5, Limited: "TooManyReplicas"}}, log.take())
	h.Spec.ScaleTargetRef.Name = "other"
	r.scaler(h, true, false)
	assert.Empty(t, log.take(), "it scales something else")
}

// TestSurroundingsMayBeForbidden: a run goes on without them, and says so.
func TestSurroundingsMayBeForbidden(t *testing.T) {
	r, log := newTestRecorder("Deployment", 1)
	refusing := func(err error) *feed {
		return &feed{resource: eventsResource, list: func(context.Context, metav1.ListOptions) (runtime.Object, error) { return nil, err }}
	}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "events"}, "", errors.New("no"))
	assert.Empty(t, r.startSurroundings(t.Context(), []*feed{refusing(forbidden), refusing(errors.New("gone"))}))
	notes := log.take()
	require.Len(t, notes, 2)
	assert.Contains(t, notes[0].(event.Noted).Message, "this account may not list events of namespace shop")
	assert.Equal(t, "warning", notes[1].(event.Noted).Level)
}
