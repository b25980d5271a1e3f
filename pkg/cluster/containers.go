package cluster

import (
	"context"
	"errors"
	"io"
	"math"
	"net/url"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	kubescheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
	"k8s.io/streaming/pkg/httpstream"
)

// defaultContainer is the annotation of a pod by which kubectl knows which container is meant where none is named.
const defaultContainer = "kubectl.kubernetes.io/default-container"

// Exec runs a program in a container, and gives its exit code. It returns when the program ends, ctx does, or the connection
// breaks; nobody ends a program whose connection is broken.
func (c *Cluster) Exec(ctx context.Context, namespace, pod, container string, argv []string, in io.Reader, out, errOut io.Writer) (exitCode int, err error) {
	to := c.Watch.CoreV1().RESTClient().Get().Namespace(namespace).Resource("pods").Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: argv, Stdin: true, Stdout: true, Stderr: true}, kubescheme.ParameterCodec).URL()
	stream, err := c.stream(to)
	if err != nil {
		return 0, err
	}
	err = stream.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: in, Stdout: out, Stderr: errOut})
	var exited exec.ExitError
	if errors.As(err, &exited) && exited.Exited() {
		return exited.ExitStatus(), nil
	}
	return 0, err
}

// stream is how one speaks with a container at an address: by a WebSocket, or as before Kubernetes 1.31 where the server does
// not know that yet.
func (c *Cluster) stream(to *url.URL) (remotecommand.Executor, error) {
	sockets, err := remotecommand.NewWebSocketExecutor(c.streams, "GET", to.String())
	if err != nil {
		return nil, err
	}
	spdy, err := remotecommand.NewSPDYExecutor(c.streams, "POST", to)
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(sockets, spdy, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
}

// Log is what a container has written in a time up to now, rounded up to whole seconds, at most so many bytes of it. Each line begins
// with its instant and a space. Previous is the log of the container's life before its last restart.
func (c *Cluster) Log(ctx context.Context, namespace, pod, container string, span time.Duration, limit int64, previous bool) (io.ReadCloser, error) {
	seconds := int64(math.Ceil(span.Seconds()))
	return c.Client.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{
		Container: container, Previous: previous, SinceSeconds: &seconds, Timestamps: true, LimitBytes: &limit,
	}).Stream(ctx)
}

// PodState is a pod with the state of its containers.
type PodState struct {
	Name           string
	Ready, Leaving bool
	// Containers has the one first that is meant where none is named.
	Containers []ContainerState
}

// ContainerState is the state of a container.
type ContainerState struct {
	Name string
	// Running says that it runs; Began that it does, or has; Restarted that it had a life before this one.
	Running, Began, Restarted bool
}

// PodStates lists the pods of a namespace that match the selector, those that have finished too.
func (c *Cluster) PodStates(ctx context.Context, namespace string, selector labels.Selector) ([]PodState, error) {
	var all []PodState
	err := c.EachPod(ctx, namespace, metav1.ListOptions{LabelSelector: selector.String()}, func(p *corev1.Pod) { all = append(all, stateOf(p)) })
	return all, err
}

func stateOf(p *corev1.Pod) PodState {
	s := PodState{Name: p.Name, Ready: PodReady(p), Leaving: p.DeletionTimestamp != nil}
	for _, c := range p.Spec.Containers {
		state := ContainerState{Name: c.Name}
		if i := slices.IndexFunc(p.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool { return s.Name == c.Name }); i >= 0 {
			status := &p.Status.ContainerStatuses[i]
			state.Running = status.State.Running != nil
			state.Restarted = status.RestartCount > 0
			state.Began = state.Running || status.State.Terminated != nil || status.LastTerminationState.Terminated != nil
		}
		if c.Name == p.Annotations[defaultContainer] {
			s.Containers = slices.Insert(s.Containers, 0, state)
		} else {
			s.Containers = append(s.Containers, state)
		}
	}
	return s
}
