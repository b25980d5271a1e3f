package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/cluster"
)

// pull is an image on a node.
type pull struct{ node, image string }

// pulled refuses agents whose image a node has tried to pull, and could not. Of images that nodes have not got yet it says so: whether
// they can be pulled only the nodes can find out.
func (p *Plan) pulled(ctx context.Context, all []plannedAgent) error {
	scheduled := func(a plannedAgent) bool { return a.Object.Node != "" }
	if !slices.ContainsFunc(all, scheduled) {
		return nil
	}
	nodes, err := p.connection.Nodes(ctx)
	if err != nil {
		return err
	}
	lacking := map[string][]string{} // nodes by image
	missing := slices.DeleteFunc(slices.Clone(all), func(a plannedAgent) bool {
		i := slices.IndexFunc(nodes, func(n corev1.Node) bool { return n.Name == a.Object.Node })
		return i < 0 || !cluster.LacksImage(&nodes[i], a.Agent.Image)
	})
	if len(missing) == 0 {
		return nil
	}
	failures, err := p.pullFailures(ctx)
	if err != nil {
		return err
	}
	for _, a := range missing {
		node, image := a.Object.Node, a.Agent.Image
		if why, failed := failures[pull{node, image}]; failed {
			return a.refuse("%s could not pull the agent's image %s, when it was asked to for another pod of the target: %s; see that it can, which it tries again every 5 minutes at the least, or name another by image",
				node, image, why)
		}
		if !slices.Contains(lacking[image], node) {
			lacking[image] = append(lacking[image], node)
		}
	}
	for _, image := range slices.Sorted(maps.Keys(lacking)) {
		p.Impact.Unknown = append(p.Impact.Unknown, fmt.Sprintf("whether %s can pull the agent's image %s, which is not there yet", strings.Join(lacking[image], ", "), image))
	}
	return nil
}

// noImage are the reasons for which a container waits for its image in vain.
var noImage = []string{"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed"}

// pullFailures are the images for which containers of the target's pods wait in vain, with what the kubelets say. The agent of an
// earlier run is such a container as long as its pod lives.
func (p *Plan) pullFailures(ctx context.Context) (map[pull]string, error) {
	all := map[pull]string{}
	options := metav1.ListOptions{LabelSelector: p.Workload.Selector.String()}
	err := p.connection.EachPod(ctx, p.Workload.Namespace, options, func(pod *corev1.Pod) {
		images := map[string]string{}
		for i := range pod.Spec.Containers {
			images[pod.Spec.Containers[i].Name] = pod.Spec.Containers[i].Image
		}
		for i := range pod.Spec.EphemeralContainers {
			images[pod.Spec.EphemeralContainers[i].Name] = pod.Spec.EphemeralContainers[i].Image
		}
		for _, s := range slices.Concat(pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses) {
			if w := s.State.Waiting; w != nil && slices.Contains(noImage, w.Reason) {
				all[pull{pod.Spec.NodeName, images[s.Name]}] = strings.TrimSpace(w.Reason + " " + w.Message)
			}
		}
	})
	return all, err
}
