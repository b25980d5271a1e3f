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
	Name:    "containerKill",
	Summary: "Ends the main process of a container, by an agent in the pod, so that the kubelet restarts it in place.",
	Example: `
- name: crash-in-place
  containerKill: {count: 1}
`,
	New: func() Fault {
		return &ContainerKill{agentParameters: agentParameters{Count: experiment.CountOf(1)}, Signal: "term"}
	},
})

// ContainerKill sends a signal to the main process of a container in the chosen pods, which ends by it, so that the kubelet
// restarts the container in place: the pod stays, with its address and its volumes. That the container has ended since is what
// proves the fault. It cannot be undone.
//
// Where the container has a process namespace of its own, its main process only gets signals for which it has a handler, and
// never kill. A program in Go, Java, or any other that means to end in order has one for term. Without one the fault fails, and says so.
type ContainerKill struct {
	agentParameters
	// Container is the one to end; the only one of the pod unless told otherwise.
	Container string `json:"container,omitempty"`
	// Signal is what its main process gets: term, int, quit or kill. kill is for pods that share one process namespace. term
	// unless told otherwise.
	Signal EndSignal `json:"signal"`
	// User is as whom the agent runs: one may send signals to processes of the same user. Unless told otherwise it is the user of
	// the container where the pod says which one that is and it is not root (runAsUser), and else root, with the sole capability KILL.
	User *int64 `json:"user,omitempty" form:"zero-or-more"`
}

// EndSignal is a signal that ends a process.
type EndSignal string

// Values lists the signals that end processes.
func (EndSignal) Values() []string { return []string{"term", "int", "quit", agent.SignalKill} }

// Check wants a user that there can be.
func (f *ContainerKill) Check(c *experiment.Check) {
	f.check(c)
	checkUser(c, f.User)
}

// Plan runs an agent in the chosen pods.
func (f *ContainerKill) Plan(ctx context.Context, s Scope) ([]Change, error) {
	return f.planEach(ctx, s, func(p *cluster.Pod) (agentJob, error) {
		pod, err := s.wholePod(ctx, p)
		if err != nil {
			return agentJob{}, err
		}
		c, err := containerOf(pod, f.Container)
		if err != nil {
			return agentJob{}, err
		}
		switch policy := restartPolicy(pod, c); {
		case policy != corev1.RestartPolicyAlways:
			return agentJob{}, &target.Refusal{Reason: fmt.Sprintf("the kubelet would not restart container %s of pod %s whatever it ends with (restartPolicy %s): podKill has the pod replaced, where it has a controller", c.Name, pod.Name, policy)}
		case f.Signal == agent.SignalKill && !oneNamespace(pod):
			return agentJob{}, &target.Refusal{Reason: fmt.Sprintf("the main process of container %s of pod %s is the first of a namespace of its own, where the kernel lets nobody kill it: signal: term ends it if it has a handler for that; %s", c.Name, pod.Name, sharing)}
		}
		job, err := signalJob(pod, []*corev1.Container{c}, string(f.Signal), "", agent.OnlyMain, f.User)
		job.what = fmt.Sprintf("end the main process of the container %s by the signal %s", c.Name, f.Signal)
		job.removes, job.lasting, job.ends = true, "the kubelet restarts the container", c.Name
		return job, err
	})
}

// restartPolicy is that of a container, which may have one of its own.
func restartPolicy(pod *corev1.Pod, c *corev1.Container) corev1.RestartPolicy {
	if c.RestartPolicy != nil {
		return corev1.RestartPolicy(*c.RestartPolicy)
	}
	return pod.Spec.RestartPolicy
}

// Needs are those of agents in the target's namespace.
func (f *ContainerKill) Needs(s access.Scope) []access.Need { return agents(s.Target.Namespace) }
