package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/experiments"
)

// TestPlanChangesNothing proves that a preview of everything in the library is no more than that.
func TestPlanChangesNothing(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	objects, nodes := s.versions(t), s.nodes(t)
	p := chaosctl(t, s.cluster, "plan", append(experiments.Names(), "-n", s.namespace)...)
	require.Zero(t, p.Exit(t))
	for _, name := range experiments.Names() {
		assert.Contains(t, p.Stdout.String(), name+"  promise: ")
	}
	assert.Equal(t, len(experiments.Names()), strings.Count(p.Stdout.String(), "\ncluster "+s.Name+", "))
	assert.Equal(t, objects, s.versions(t))
	assert.Equal(t, nodes, s.nodes(t))
}
