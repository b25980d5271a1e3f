package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/cluster"
)

// warn collects what will keep the run from passing, or from starting.
func (d *draft) warn(w *cluster.Workload) {
	switch {
	case d.Desired == 0:
		d.add("This workload is scaled to zero: there is no pod to lose, and the run is refused.")
	case d.Desired == 1:
		d.add("With one replica, the guard refuses this run: the loss of the only pod is an outage in any case.",
			"Scale it to two or more. Or, to measure that outage, say guard: {maxAffected: 100%, minReady: 0}.")
	case d.Ready < d.Desired:
		d.add(fmt.Sprintf("Only %d of %d pods are ready now: a run finds no steady state before they all are.", d.Ready, d.Desired))
	}
	if w.Annotations[cluster.ProtectAnnotation] == "true" {
		d.add("The workload bears " + cluster.ProtectAnnotation + ": \"true\", which keeps faults away from it: the run is refused.")
	}
	if unprobed(w) {
		d.add("No container has a readiness probe: a pod gets requests as soon as it runs, whether it can answer or not.",
			"Failed requests after the pod is replaced are then to be expected.")
	}
}

func (d *draft) add(lines ...string) { d.Warnings = append(d.Warnings, lines) }

// unprobed says that no container tells when it is ready.
func unprobed(w *cluster.Workload) bool {
	for i := range w.Template.Spec.Containers {
		if w.Template.Spec.Containers[i].ReadinessProbe != nil {
			return false
		}
	}
	return true
}

// remark collects what is worth knowing about the objects around the target.
func (d *draft) remark(s *cluster.Surroundings) {
	for i := range s.Budgets {
		b := &s.Budgets[i]
		if b.Status.DisruptionsAllowed > 0 {
			d.Remarks = append(d.Remarks, fmt.Sprintf("PodDisruptionBudget %s: evictions allowed now: %d.", b.Name, b.Status.DisruptionsAllowed))
			continue
		}
		d.Remarks = append(d.Remarks,
			fmt.Sprintf("PodDisruptionBudget %s: allows no eviction now (%d pods are healthy, of %d that must be). podKill deletes, past", b.Name, b.Status.CurrentHealthy, b.Status.DesiredHealthy),
			"the budget; the drain of a node would wait for it, in vain.")
	}
	if len(s.Budgets) == 0 && d.Desired > 1 && !hidden(s, "PodDisruptionBudgets") {
		d.Remarks = append(d.Remarks, "No PodDisruptionBudget: drains of nodes may take all pods at once.")
	}
	if len(s.Hidden) > 0 {
		d.Remarks = append(d.Remarks, "Not looked at, since you may not list them: "+strings.Join(s.Hidden, ", ")+".")
	}
}

func hidden(s *cluster.Surroundings, kind string) bool {
	return slices.Contains(s.Hidden, kind)
}
