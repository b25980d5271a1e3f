package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestTwoLabsAtOnce proves that clusters on one machine do not meet: shops of the same name are put under load and lose
// a pod in both at the same time, and each keeps all of its other pods.
func TestTwoLabsAtOnce(t *testing.T) {
	t.Parallel()
	takeRoom(t, 2)
	const name = "e2e-second"
	require.NoError(t, removeLeftover(t.Context(), name))
	second, err := connect(t.Context(), lab.Start(t, lab.Options{Name: name, Nodes: 1}))
	require.NoError(t, err)
	shops := []*shop{newShop(t, shared, healthy), newShop(t, second, healthy)}

	var before []map[string]string
	var runs []*binary.Process
	for _, s := range shops {
		before = append(before, s.uids(t))
		runs = append(runs, start(t, s.cluster, "run", "-f", file(t, tolerant(t, "pod-kill")), "-n", s.namespace))
	}
	clusters := map[string]bool{}
	for i, s := range shops {
		require.Zero(t, runs[i].Exit(t))
		r := runs[i].Result(t)
		assert.Equal(t, report.Pass, r.Verdict)
		assert.Equal(t, s.Name, r.Cluster.Context)
		clusters[r.Cluster.UID] = true
		require.Len(t, r.Changes, 1)
		want := before[i]
		require.Contains(t, want, r.Changes[0].UID)
		delete(want, r.Changes[0].UID)
		require.Len(t, r.Recoveries, 1)
		want[r.Recoveries[0].Replacement.UID] = r.Recoveries[0].Replacement.Name
		assert.Equal(t, want, s.uids(t))
	}
	assert.Len(t, clusters, 2)
}
