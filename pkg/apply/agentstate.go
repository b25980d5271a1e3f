package apply

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/chaosctl/chaosctl/pkg/agent"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// agentState is what there is of an agent in a pod.
type agentState struct {
	// ends is when it ends by itself; zero where it was never started.
	ends   time.Time
	status corev1.ContainerState
	// target is what is known of the end of the container that the agent was to end, or saw the processes of, since the
	// agent began; empty where nothing is.
	target string
	// over says that the pod has ended, and everything in it.
	over bool
}

// state reads it out of the pod.
func (p inPod) state(object *unstructured.Unstructured) (agentState, error) {
	var pod corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &pod); err != nil {
		return agentState{}, err
	}
	s := agentState{over: pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed}
	name := p.container()
	if i := slices.IndexFunc(pod.Spec.EphemeralContainers, func(c corev1.EphemeralContainer) bool { return c.Name == name }); i >= 0 {
		var err error
		if s.ends, err = inject.AgentEnds(&pod.Spec.EphemeralContainers[i]); err != nil {
			return s, err
		}
	}
	if i := slices.IndexFunc(pod.Status.EphemeralContainerStatuses, func(c corev1.ContainerStatus) bool { return c.Name == name }); i >= 0 {
		s.status = pod.Status.EphemeralContainerStatuses[i].State
	}
	if p.c.Lasting() {
		s.target = endOf(&pod, cmp.Or(p.c.Agent.Ends, p.c.Agent.Needs.Container), s.began())
	}
	return s, nil
}

// began is when the agent did, by the clock of its node; nil where it has not.
func (s agentState) began() *metav1.Time {
	switch {
	case s.status.Running != nil:
		return &s.status.Running.StartedAt
	case s.status.Terminated != nil:
		return &s.status.Terminated.StartedAt
	}
	return nil
}

// endOf says how a container of the pod has ended since an instant; nothing where it has not.
func endOf(pod *corev1.Pod, container string, since *metav1.Time) string {
	if since == nil {
		return ""
	}
	for _, c := range pod.Status.ContainerStatuses {
		for _, t := range []*corev1.ContainerStateTerminated{c.State.Terminated, c.LastTerminationState.Terminated} {
			if c.Name == container && t != nil && !t.FinishedAt.Before(since) {
				return fmt.Sprintf("the container %s ended at %s with exit code %d", container, t.FinishedAt.UTC().Format(time.RFC3339), t.ExitCode)
			}
		}
	}
	return ""
}

// mayWork says that the agent works, or may yet begin to. When nobody tells what has become of it, time does.
func (s agentState) mayWork(now time.Time) bool {
	return !s.ends.IsZero() && !s.over && s.status.Terminated == nil && now.Before(s.ends.Add(agentClocks))
}

// ended is what is known of its end; nil where that was not seen.
func (s agentState) ended() *agent.Report {
	t := s.status.Terminated
	switch {
	case t == nil:
		return nil
	case t.Message == "" && s.target != "":
		// The kernel ends all processes of a namespace with the first.
		return &agent.Report{End: agent.Done, Did: s.target + ", and the agent with it"}
	case t.Message == "":
		return &agent.Report{End: agent.Failed, Error: fmt.Sprintf("%s, exit code %d", t.Reason, t.ExitCode)}
	}
	r := agent.ReadReport(t.Message)
	return &r
}

// waiting says what keeps the agent from running.
func (s agentState) waiting() error {
	switch {
	case s.status.Running != nil:
		return nil
	case s.status.Waiting != nil:
		return fmt.Errorf("the agent's container waits: %s", strings.TrimSpace(s.status.Waiting.Reason+" "+s.status.Waiting.Message))
	}
	return errors.New("the kubelet says nothing of the agent's container")
}
