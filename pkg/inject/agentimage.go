package inject

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/internal/version"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// imageFor is the image of the agents in these pods. Where nobody has named one, and this is no release, of which one would be
// published, the nodes have to have it already, as those of a lab may.
func (p *agentParameters) imageFor(ctx context.Context, s Scope, victims []*cluster.Pod) (string, error) {
	if p.Image != "" {
		return p.Image, nil
	}
	if version.Released() {
		return version.Image(), nil
	}
	nodes, err := s.Nodes(ctx)
	if err != nil {
		return "", err
	}
	for _, pod := range victims {
		i := slices.IndexFunc(nodes, func(n corev1.Node) bool { return n.Name == pod.Node })
		if i >= 0 && cluster.LacksImage(&nodes[i], version.Image()) {
			return "", &target.Refusal{Reason: fmt.Sprintf("no image is named for the agent, this chaosctl (%s) is no release, of which one would be published, and %s has no %s: "+
				"build one (make image), put it where the nodes can pull it from, and name it by image", version.Version(), pod.Node, version.Image())}
		}
	}
	return version.Image(), nil
}
