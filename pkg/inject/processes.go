package inject

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/chaosctl/chaosctl/pkg/agent"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// wholePod reads all of a chosen pod, of which lists keep only what most faults need.
func (s Scope) wholePod(ctx context.Context, p *cluster.Pod) (*corev1.Pod, error) {
	o, err := s.Object(ctx, pods, p.Namespace, p.Name)
	if apierrors.IsNotFound(err) || err == nil && o.GetUID() != p.UID {
		return nil, &target.Refusal{Reason: fmt.Sprintf("pod %s was gone before it could be looked at: its controller is replacing it", p.Name)}
	}
	if err != nil {
		return nil, err
	}
	var pod corev1.Pod
	return &pod, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &pod)
}

// oneNamespace says that the processes of all containers of a pod are in one namespace, in which none of theirs is the first.
func oneNamespace(pod *corev1.Pod) bool {
	return pod.Spec.HostPID || pod.Spec.ShareProcessNamespace != nil && *pod.Spec.ShareProcessNamespace
}

// sharing is how a pod comes to that, as refusals say it.
const sharing = "shareProcessNamespace: true in the pod template, which puts the processes of all its containers into one namespace, makes it possible"

// containerOf is the container of a pod that a fault names; the only one where it names none.
func containerOf(pod *corev1.Pod, name string) (*corev1.Container, error) {
	all := pod.Spec.Containers
	if name == "" && len(all) == 1 {
		return &all[0], nil
	}
	var names []string
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
		names = append(names, all[i].Name)
	}
	if name == "" {
		return nil, &target.Refusal{Reason: fmt.Sprintf("pod %s has several containers: container says which one, of %s", pod.Name, strings.Join(names, ", "))}
	}
	return nil, &target.Refusal{Reason: fmt.Sprintf("pod %s has no container %q, but %s", pod.Name, name, strings.Join(names, ", "))}
}

// signalJob is that of an agent that sends a signal to processes of those containers of a pod, with the least rights that do it:
// those of the containers' own user where the pod says which one that is, else those of root, to send signals and nothing else.
func signalJob(pod *corev1.Pod, containers []*corev1.Container, signal, process string, main agent.Main, user *int64) (agentJob, error) {
	var ids []string
	for _, c := range containers {
		id, err := runningContainer(pod, c.Name)
		if err != nil {
			return agentJob{}, err
		}
		ids = append(ids, id)
	}
	job := agentJob{task: []string{"signal", "--signal", signal, "--containers", strings.Join(ids, ","), "--main", string(main)}}
	if process != "" {
		job.task = append(job.task, "--process", process)
	}
	job.needs.User = user
	if user == nil {
		job.needs.User = commonUser(pod, containers)
	}
	if job.needs.User == nil {
		job.needs.User, job.needs.Capabilities = new(int64), []corev1.Capability{"KILL"}
	}
	if !oneNamespace(pod) {
		job.needs.Container = containers[0].Name
	}
	return job, nil
}

// runningContainer is the id of a container that runs.
func runningContainer(pod *corev1.Pod, name string) (string, error) {
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses} {
		for i := range statuses {
			if _, id, ok := strings.Cut(statuses[i].ContainerID, "://"); ok && statuses[i].Name == name && statuses[i].State.Running != nil {
				return id, nil
			}
		}
	}
	return "", &target.Refusal{Reason: fmt.Sprintf("container %s of pod %s does not run, so that it has no processes", name, pod.Name)}
}

// commonUser is the one as whom containers run; nil where the pod does not say, or where it is root, whose programs tend to
// start others as somebody else.
func commonUser(pod *corev1.Pod, containers []*corev1.Container) *int64 {
	var common *int64
	for _, c := range containers {
		var user *int64
		if s := pod.Spec.SecurityContext; s != nil {
			user = s.RunAsUser
		}
		if s := c.SecurityContext; s != nil && s.RunAsUser != nil {
			user = s.RunAsUser
		}
		if user == nil || *user == 0 || common != nil && *common != *user {
			return nil
		}
		common = user
	}
	return common
}
