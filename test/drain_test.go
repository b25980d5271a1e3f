package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestDrain proves that a node comes back from a drain as it was before, cordoned or not, and that clients of a healthy
// shop do not notice.
func TestDrain(t *testing.T) {
	t.Parallel()
	c := takeNodes(t)
	takeRoom(t, 1)
	s := newShop(t, c, healthy)

	t.Run("a node that could be used can be used again", func(t *testing.T) {
		before := s.nodes(t)
		p := chaosctl(t, s.cluster, "run", "-f", file(t, but(t, patient(t, "node-drain"), "duration: 60s", "duration: 25s")), "-n", s.namespace)
		assertDrained(t, s, p, before)
	})

	t.Run("a node that was cordoned stays cordoned", func(t *testing.T) {
		node := s.frontends(t)[0].Spec.NodeName
		s.cordon(t, node, true)
		t.Cleanup(func() { s.cordon(t, node, false) })
		before := s.nodes(t)
		experiment := but(t, patient(t, "node-drain"), "nodeDrain: {count: 1, hosting: target}", fmt.Sprintf("nodeDrain: {nodes: [%s]}", node))
		p := chaosctl(t, s.cluster, "run", "-f", file(t, but(t, experiment, "duration: 60s", "duration: 18s")), "-n", s.namespace)
		r := assertDrained(t, s, p, before)
		for _, c := range r.Changes {
			assert.NotEqual(t, "Node", c.Object.Kind, "a node that is cordoned needs no change")
		}
	})
}

// assertDrained wants a pass, the victims on one node and their replacements elsewhere, and all nodes as before.
func assertDrained(t *testing.T, s *shop, p *binary.Process, before map[string]any) report.Result {
	t.Helper()
	require.Zero(t, p.Exit(t))
	r := p.Result(t)
	assert.Equal(t, report.Pass, r.Verdict)
	assert.Equal(t, report.UndoClean, r.Undo)
	assert.Equal(t, before, s.nodes(t), "the nodes are not as before")
	assert.Empty(t, s.marks(t))
	require.NotEmpty(t, r.Recoveries)
	uids := s.uids(t)
	for _, recovery := range r.Recoveries {
		assert.NotContains(t, uids, recovery.Victim.UID)
		require.NotNil(t, recovery.Replacement)
		assert.Equal(t, r.Recoveries[0].Victim.Node, recovery.Victim.Node)
		assert.NotEqual(t, recovery.Victim.Node, recovery.Replacement.Node)
		assertPhasesAddUp(t, recovery)
	}
	t.Log(report.LongestPhase(&r))
	return r
}

// cordon sets whether pods may be scheduled to a node.
func (c *cluster) cordon(t *testing.T, node string, cordoned bool) {
	t.Helper()
	patch := fmt.Sprintf(`{"spec": {"unschedulable": %t}}`, cordoned)
	_, err := c.client.CoreV1().Nodes().Patch(context.WithoutCancel(t.Context()), node, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	require.NoError(t, err)
}
