package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/experiments"
)

// TestPlanChangesNothing proves that a preview of everything in the library is no more than that. What needs an agent is planned
// where there is an image of it, and where pods may have one.
func TestPlanChangesNothing(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	objects, nodes := s.versions(t), s.nodes(t)
	var names []string
	for _, name := range experiments.Names() {
		code, roles, stderr := inProcess(t, "rbac", name)
		require.Zero(t, code, stderr)
		if !strings.Contains(roles, "pods/ephemeralcontainers") {
			names = append(names, name)
		}
	}
	require.Greater(t, len(names), len(experiments.Names())/2)
	p := chaosctl(t, s.cluster, "plan", append(slices.Clone(names), "-n", s.namespace)...)
	require.Zero(t, p.Exit(t))
	for _, name := range names {
		assert.Contains(t, p.Stdout.String(), name+"  promise: ")
	}
	assert.Equal(t, len(names), strings.Count(p.Stdout.String(), "\ncluster "+s.Name+", "))
	assert.Equal(t, objects, s.versions(t))
	assert.Equal(t, nodes, s.nodes(t))
}
