package truth

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/test/internal/shop"
)

// nodesOfPlace are enough to lose one, and each is a zone.
const nodesOfPlace = 2

// placeLabel names the place that a node belongs to.
const placeLabel = "truth.chaosctl.dev/place"

// place is where a shop stands: what is done to its nodes is done to nobody else. Without nodes it is anywhere in the lab.
type place struct {
	name  string
	nodes []string
}

// share divides the nodes of a lab into places, or lets all shops be anywhere.
func share(ctx context.Context, l *shop.Lab, nodes bool) (chan place, error) {
	made := make(chan place, *sideBySide)
	if !nodes {
		for range *sideBySide {
			made <- place{}
		}
		return made, nil
	}
	list, err := l.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	number := 0
	for pair := range slices.Chunk(list.Items, nodesOfPlace) {
		number++
		p := place{name: fmt.Sprintf("place%d", number)}
		for i := range pair {
			labels := fmt.Sprintf(`{"metadata":{"labels":{%q:%q,%q:"%s-%d"}}}`, placeLabel, p.name, corev1.LabelTopologyZone, p.name, i)
			if _, err := l.Client.CoreV1().Nodes().Patch(ctx, pair[i].Name, types.MergePatchType, []byte(labels), metav1.PatchOptions{}); err != nil {
				return nil, err
			}
			p.nodes = append(p.nodes, pair[i].Name)
		}
		made <- p
	}
	return made, nil
}

// take waits for a place that is free, and keeps it until the test ends.
func take(t *testing.T) place {
	t.Helper()
	p := <-places
	t.Cleanup(func() { places <- p })
	return p
}

// manifests is a directory with those of an overlay, whose pods stay in the place.
func (p place) manifests(t *testing.T, overlay string) string {
	t.Helper()
	if len(p.nodes) == 0 {
		return shop.Manifests(overlay)
	}
	dir := t.TempDir()
	base, err := filepath.Rel(dir, shop.Manifests(overlay)) // kustomize takes no base by its absolute path
	require.NoError(t, err)
	text := fmt.Sprintf(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [%s]
patches:
- target: {kind: Deployment}
  patch: |-
    - op: add
      path: /spec/template/spec/nodeSelector
      value: {%s: %s}
`, base, placeLabel, p.name)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600))
	return dir
}
