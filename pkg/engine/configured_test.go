package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
)

func TestConfigured(t *testing.T) {
	p := &Plan{
		Workload: &cluster.Workload{Kind: "Deployment", Status: cluster.Status{Desired: 3}},
		Routes:   []cluster.Route{{Service: "web"}, {Service: "peers", PublishesNotReady: true}},
		coverage: coverage{read: true, names: []string{"web"}},
	}
	p.Workload.Template.Spec = corev1.PodSpec{TerminationGracePeriodSeconds: new(int64(20)), Containers: []corev1.Container{
		{Name: "app", ReadinessProbe: &corev1.Probe{}, Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 5}}}},
		{Name: "shell", Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"/bin/sh", "-c", "sleep 2.5"}}}}},
		{Name: "own", Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{}}}},
		{Name: "plain"},
	}}
	c, ok := p.configured()
	assert.True(t, ok)
	assert.Equal(t, event.TargetConfigured{
		Replicas: 3, GracePeriod: 20, Containers: []event.ContainerConfigured{
			{Name: "app", Readiness: true, PreStop: true, PreStopSleep: 5}, {Name: "shell", PreStop: true, PreStopSleep: 2.5}, {Name: "own", PreStop: true}, {Name: "plain"},
		}, PublishesNotReady: []string{"peers"}, Budgets: []string{"web"}, BudgetsRead: true,
	}, c)

	p.Workload.Template.Spec.TerminationGracePeriodSeconds = nil
	c, _ = p.configured()
	assert.InDelta(t, 30, c.GracePeriod, 0, "what Kubernetes gives")

	p.Workload.Kind = ""
	_, ok = p.configured()
	assert.False(t, ok, "labels have no template")
}

func TestSlept(t *testing.T) {
	for _, c := range []struct {
		argv []string
		want time.Duration
	}{
		{[]string{"sleep", "5"}, 5 * time.Second},
		{[]string{"/bin/sleep", "5s"}, 5 * time.Second},
		{[]string{"bash", "-c", "sleep 5"}, 5 * time.Second},
		{[]string{"sh", "-c", "sleep 5; nginx -s quit"}, 0},
		{[]string{"sleep", "-1"}, 0},
		{[]string{"sleep"}, 0},
		{[]string{"sleep", "infinity"}, 0},
		{nil, 0},
	} {
		assert.Equal(t, c.want, slept(c.argv), "%q", c.argv)
	}
}
