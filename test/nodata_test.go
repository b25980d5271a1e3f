package e2e

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestWrongURLIsUnknown proves that a run that measured nothing of the workload neither passes nor breaks anything.
func TestWrongURLIsUnknown(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	before := s.versions(t)

	p := chaosctl(t, s.cluster, "run", "pod-kill", "-n", s.namespace, "--url", "http://"+listener.Addr().String()+"/")
	assert.Equal(t, report.ExitUnknown, p.Exit(t))
	r := p.Result(t)
	assert.Equal(t, report.Unknown, r.Verdict)
	assert.Contains(t, r.Reasons[0], "steady state not reached")
	assert.Empty(t, r.Changes)
	assert.Equal(t, before, s.versions(t), "a run without a steady state has changed something")
}
