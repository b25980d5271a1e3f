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
	Name:    "processSignal",
	Summary: "Sends a signal to processes of a container by their name, by an agent in the pod; those that it stops go on in the end.",
	Example: `
- name: stuck-workers
  processSignal: {process: worker, signal: stop, main: without}
  for: 20s
`,
	New: func() Fault {
		return &ProcessSignal{agentParameters: agentParameters{Count: experiment.CountOf(1)}, Signal: agent.SignalStop, Main: MainWith}
	},
})

// ProcessSignal sends a signal to processes of a container in the chosen pods, by an agent in an ephemeral container that sees
// them. The signal stop is taken back by continue when the agent ends, even when it is killed; what other signals do stays.
//
// The kernel gives the first process of a namespace, which the main process of a container usually is, no signal from inside of it for
// which it has no handler, and never stop and kill. So these two need main: without, or a pod whose containers share one
// namespace (shareProcessNamespace). Whether there is a handler for another signal is looked at before anything is sent: the
// signal goes to all processes of that name, or to none. What has become of them is looked at too.
type ProcessSignal struct {
	agentParameters
	// Container is whose processes are meant; the only one of the pod unless told otherwise.
	Container string `json:"container,omitempty"`
	// Process is the name of a program: nginx.
	Process string `json:"process" form:"given"`
	// Signal is what is sent. stop unless told otherwise.
	Signal SignalName `json:"signal"`
	// Main says whether the main process of the container is meant too, if it has that name. with unless told otherwise.
	Main MainProcess `json:"main"`
	// User is as whom the agent runs: one may send signals to processes of the same user. Unless told otherwise it is the user of
	// the container where the pod says which one that is and it is not root (runAsUser), and else root, with the sole capability KILL.
	User *int64 `json:"user,omitempty" form:"zero-or-more"`
}

// SignalName is the name of a signal, in small letters.
type SignalName string

// Values lists the signals that can be sent.
func (SignalName) Values() []string {
	return []string{agent.SignalStop, agent.SignalContinue, agent.SignalKill, "term", "int", "quit", "hup", "usr1", "usr2"}
}

// MainProcess says whether the main process of a container is meant.
type MainProcess string

// What of the main process.
const (
	MainWith    = MainProcess(agent.WithMain)
	MainWithout = MainProcess(agent.WithoutMain)
	MainOnly    = MainProcess(agent.OnlyMain)
)

// Values lists what may be said of the main process.
func (MainProcess) Values() []string {
	return []string{string(MainWith), string(MainWithout), string(MainOnly)}
}

// Check wants a name, and a user that there can be.
func (f *ProcessSignal) Check(c *experiment.Check) {
	f.check(c)
	if f.Process == "" {
		c.Fail("process", "it is missing: expected the name of a program, such as nginx")
	}
	checkUser(c, f.User)
}

func checkUser(c *experiment.Check, user *int64) {
	if user != nil && (*user < 0 || *user > maxUser) {
		c.Fail("user", "%d is no id of a user: expected 0 to %d", *user, maxUser)
	}
}

// maxUser is the greatest id of a user that Kubernetes takes.
const maxUser = 1<<31 - 1

// Plan runs an agent in the chosen pods.
func (f *ProcessSignal) Plan(ctx context.Context, s Scope) ([]Change, error) {
	return f.planEach(ctx, s, func(p *cluster.Pod) (agentJob, error) {
		pod, err := s.wholePod(ctx, p)
		if err != nil {
			return agentJob{}, err
		}
		c, err := containerOf(pod, f.Container)
		if err != nil {
			return agentJob{}, err
		}
		if final := f.Signal == agent.SignalStop || f.Signal == agent.SignalKill; final && f.Main != MainWithout && !oneNamespace(pod) {
			return agentJob{}, &target.Refusal{Reason: fmt.Sprintf("the main process of container %s of pod %s is the first of a namespace of its own, where the kernel lets nobody %s it: main: without leaves it out; %s", c.Name, pod.Name, f.Signal, sharing)}
		}
		job, err := signalJob(pod, []*corev1.Container{c}, string(f.Signal), f.Process, agent.Main(f.Main), f.User)
		if err != nil {
			return agentJob{}, err
		}
		job.what = fmt.Sprintf("send the signal %s to processes called %s of the container %s", f.Signal, f.Process, c.Name)
		job.removes = true // it may well be out of service
		if f.Signal == agent.SignalStop {
			job.confirms = true
		} else {
			job.lasting = fmt.Sprintf("what processes make of the signal %s stays", f.Signal)
		}
		return job, nil
	})
}

// Needs are those of agents in the target's namespace.
func (f *ProcessSignal) Needs(s access.Scope) []access.Need { return agents(s.Target.Namespace) }
