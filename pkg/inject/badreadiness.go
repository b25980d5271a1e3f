package inject

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "badReadiness",
	Summary: "Rolls out a readiness probe that always fails, so that new pods run and never become ready; the prior probe comes back.",
	Example: `
- name: never-ready
  badReadiness: {container: web}
`,
	New: func() Fault { return &BadReadiness{} },
})

// BadReadiness gives one container of the target's pod template a readiness probe that always fails, which starts a
// rollout: its pods run, and never become ready.
type BadReadiness struct {
	// Container is its name; the first container of the template unless told otherwise.
	Container string `json:"container,omitempty"`
}

// failingProbe asks for a TCP connection to port 1, where nobody listens: it needs nothing of the image. All is said that the API
// server would fill in, so that the value is found again as it was written.
func failingProbe() *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:   corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(1)}},
		TimeoutSeconds: 1, PeriodSeconds: 1, SuccessThreshold: 1, FailureThreshold: 1,
	}
}

// Plan replaces the probe in the template.
func (f *BadReadiness) Plan(ctx context.Context, s Scope) ([]Change, error) {
	c, err := spoilt(s.Workload, f.Container)
	if err != nil {
		return nil, err
	}
	bad := failingProbe()
	field := Field{Path: inContainer(c, "readinessProbe"), Value: mustJSON(bad)}
	switch {
	case equality.Semantic.DeepEqual(c.ReadinessProbe, bad):
		return nil, &target.Refusal{Reason: fmt.Sprintf("container %s of %s has a readiness probe that always fails already", c.Name, s.Workload)}
	case c.ReadinessProbe != nil:
		field.Original = mustJSON(c.ReadinessProbe)
	}
	return rollOut(ctx, s, "readiness-", fmt.Sprintf("roll out container %s with a readiness probe that always fails", c.Name), field)
}

// Needs are those of an edit of the target.
func (f *BadReadiness) Needs(s access.Scope) []access.Need {
	return targetEdits(s, "roll out another readiness probe, and put the prior one back")
}
