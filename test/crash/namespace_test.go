package crash

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/test/crash/point"
	"github.com/chaosctl/chaosctl/test/internal/snapshot"
)

// TestRecoverOfANamespace proves that what a run has changed that is in no namespace, a node, is the business of who
// recovers the namespace of its target, and of nobody else: there, the run may be in progress.
func TestRecoverOfANamespace(t *testing.T) {
	t.Parallel()
	drain := &fixtures["nodeDrain"][0]
	s, other := newScene(t, t, scenery{node: true}), newScene(t, t, scenery{})
	before, err := s.look(t.Context())
	require.NoError(t, err)
	// The first change is the fourth request, after the lease, the journal and the intent.
	p := s.crash(t, s.runArgs(t, drain), point.Point{Request: 4, When: point.AfterSend})
	require.True(t, p.killed, "%s", p.output)

	p = other.recovered(t)
	assert.Zero(t, p.code)
	assert.Contains(t, p.output, "there is nothing to put back")
	crashed, err := s.look(t.Context())
	require.NoError(t, err)
	assert.Len(t, snapshot.Differences(before.Objects, crashed.Objects), 1, "the node was put back by the recovery of another namespace:\n%s", p.output)

	p = s.recovered(t)
	assert.Zero(t, p.code)
	after, err := s.look(t.Context())
	require.NoError(t, err)
	assert.Empty(t, snapshot.Differences(before.Objects, after.Objects), "%s", p.output)
	assert.Empty(t, after.Marks)
}
