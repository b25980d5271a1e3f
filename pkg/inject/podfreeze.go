package inject

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/agent"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "podFreeze",
	Summary: "Stops all processes of pods of the target that share one process namespace, by an agent in the pod; they go on in the end.",
	Example: `
- name: hung
  podFreeze: {count: 1}
  for: 20s
`,
	New: func() Fault { return &PodFreeze{agentParameters: agentParameters{Count: experiment.CountOf(1)}} },
})

// PodFreeze stops all processes of all containers of the chosen pods, as if they hung: connections are accepted by the kernel, and
// nobody answers. When the agent ends they go on, even when it is killed. It is for pods whose containers share one process
// namespace (shareProcessNamespace): elsewhere the main process of each is the first of its own, which nobody inside can stop.
// Liveness probes go on, and have the kubelet restart a container that is stopped too long.
type PodFreeze struct {
	agentParameters
	// User is as whom the agent runs: one may stop processes of the same user. Unless told otherwise it is the user of the
	// containers where the pod says which one that is and it is not root (runAsUser), and else root, with the sole capability KILL.
	User *int64 `json:"user,omitempty" form:"zero-or-more"`
}

// Check wants a user that there can be.
func (f *PodFreeze) Check(c *experiment.Check) {
	f.check(c)
	checkUser(c, f.User)
}

// Plan runs an agent in the chosen pods.
func (f *PodFreeze) Plan(ctx context.Context, s Scope) ([]Change, error) {
	return f.planEach(ctx, s, func(p *cluster.Pod) (agentJob, error) {
		pod, err := s.wholePod(ctx, p)
		if err != nil {
			return agentJob{}, err
		}
		if !oneNamespace(pod) {
			return agentJob{}, &target.Refusal{Reason: fmt.Sprintf("the main process of each container of pod %s is the first of a namespace of its own, which nobody inside can stop: %s", pod.Name, sharing)}
		}
		var all []*corev1.Container
		for i := range pod.Spec.InitContainers {
			c := &pod.Spec.InitContainers[i]
			if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
				all = append(all, c) // it runs beside the others
			}
		}
		for i := range pod.Spec.Containers {
			all = append(all, &pod.Spec.Containers[i])
		}
		job, err := signalJob(pod, all, agent.SignalStop, "", agent.WithMain, f.User)
		job.what, job.removes, job.confirms = "stop all processes of the pod", true, true
		return job, err
	})
}

// Needs are those of agents in the target's namespace.
func (f *PodFreeze) Needs(s access.Scope) []access.Need { return agents(s.Target.Namespace) }
