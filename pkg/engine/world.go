package engine

import (
	"context"
	"io"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/probe"
)

// world is what probes may look at: the objects of the target's namespace, and what its pods run and say.
type world struct {
	*cluster.Objects
	cluster  *cluster.Cluster
	workload *cluster.Workload
}

// It can all that a probe asks for.
var (
	_ probe.World     = world{}
	_ probe.Execer    = world{}
	_ probe.LogReader = world{}
)

// Pods are those with the labels, or else the target's.
func (w world) Pods(ctx context.Context, with map[string]string) ([]probe.Pod, error) {
	selector := w.workload.Selector
	if len(with) > 0 {
		selector = labels.SelectorFromSet(with)
	}
	states, err := w.cluster.PodStates(ctx, w.workload.Namespace, selector)
	var pods []probe.Pod
	for _, s := range states {
		pod := probe.Pod{Name: s.Name, Ready: s.Ready, Leaving: s.Leaving}
		for _, c := range s.Containers {
			pod.Containers = append(pod.Containers, probe.Container(c))
		}
		pods = append(pods, pod)
	}
	return pods, err
}

// Exec runs a program in a container of the namespace.
func (w world) Exec(ctx context.Context, pod, container string, argv []string, in io.Reader, out, errOut io.Writer) (int, error) {
	return w.cluster.Exec(ctx, w.workload.Namespace, pod, container, argv, in, out, errOut)
}

// Log reads that of a container of the namespace.
func (w world) Log(ctx context.Context, pod, container string, span time.Duration, limit int64, previous bool) (io.ReadCloser, error) {
	return w.cluster.Log(ctx, w.workload.Namespace, pod, container, span, limit, previous)
}
