package engine

import (
	"path"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
)

// configured is what of the target decides about failed requests; false for a target without a pod template.
func (p *Plan) configured() (event.TargetConfigured, bool) {
	w := p.Workload
	if w.Kind == "" {
		return event.TargetConfigured{}, false
	}
	c := event.TargetConfigured{Replicas: w.Status.Desired, GracePeriod: corev1.DefaultTerminationGracePeriodSeconds, Budgets: p.coverage.names, BudgetsRead: p.coverage.read}
	if grace := w.Template.Spec.TerminationGracePeriodSeconds; grace != nil {
		c.GracePeriod = float64(*grace)
	}
	for i := range w.Template.Spec.Containers {
		c.Containers = append(c.Containers, containerConfigured(&w.Template.Spec.Containers[i]))
	}
	c.PublishesNotReady = publishers(p.Routes)
	return c, true
}

func containerConfigured(c *corev1.Container) event.ContainerConfigured {
	configured := event.ContainerConfigured{Name: c.Name, Readiness: c.ReadinessProbe != nil}
	if c.Lifecycle == nil || c.Lifecycle.PreStop == nil {
		return configured
	}
	configured.PreStop = true
	switch hook := c.Lifecycle.PreStop; {
	case hook.Sleep != nil:
		configured.PreStopSleep = float64(hook.Sleep.Seconds)
	case hook.Exec != nil:
		configured.PreStopSleep = slept(hook.Exec.Command).Seconds()
	}
	return configured
}

// slept is how long a command sleeps that does nothing else: sleep 5, or the same by a shell.
func slept(argv []string) time.Duration {
	if len(argv) == 3 && argv[1] == "-c" && strings.HasSuffix(path.Base(argv[0]), "sh") {
		argv = strings.Fields(argv[2])
	}
	if len(argv) != 2 || path.Base(argv[0]) != "sleep" {
		return 0
	}
	seconds, err := strconv.ParseFloat(strings.TrimSuffix(argv[1], "s"), 64)
	if err != nil || !(seconds >= 0 && seconds < 24*60*60) {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// publishers names the Services on the way of a load that send requests to pods that are not ready.
func publishers(routes []cluster.Route) (names []string) {
	for _, r := range routes {
		if r.PublishesNotReady {
			names = append(names, r.Service)
		}
	}
	return names
}
