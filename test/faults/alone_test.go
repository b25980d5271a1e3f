package faults

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestAgentEndsAlone proves that an agent needs nobody to end, and leaves the network of its pod as it was: chaosctl is killed, and
// the API server is away. It is not parallel: what it stops is everybody's.
func TestAgentEndsAlone(t *testing.T) {
	onlyWithAll(t)
	c := &faultCase{fault: "netLoss", yaml: "- netLoss: {percent: 40%, image: '" + agentImage + "'}"}
	s := newStage(t, c)
	before := s.networks(t)
	inForce := losing(1)
	require.Error(t, inForce(t.Context(), s))
	p := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "run", "-f", s.file(t, c.experiment(s)))
	p.Says(t, "proved  run agent in")
	require.NoError(t, inForce(t.Context(), s))
	began := time.Now()
	p.Signal(t, syscall.SIGKILL)
	<-p.Ended
	require.NoError(t, os.RemoveAll(p.Out))
	require.NoError(t, shared.StopComponent(t.Context(), "kube-apiserver"))
	start := func() error { return shared.StartComponent(context.WithoutCancel(t.Context()), "kube-apiserver") }
	t.Cleanup(func() { assert.NoError(t, start()) })
	require.NoError(t, inForce(t.Context(), s), "nobody has stopped it")
	require.NotEqual(t, before, s.networks(t))

	eventually(t, "all pods answer all echo requests", func() error { return silent(0)(t.Context(), s) })
	t.Logf("the fault of 8 s was over %s after chaosctl was killed", time.Since(began).Round(time.Second))
	assert.Equal(t, before, s.networks(t))

	require.NoError(t, start())
	s.settle(t)
	r := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "recover", "--all", "-n", s.namespace)
	require.Zero(t, r.Exit(t))
	assert.Empty(t, s.look(t).Marks)
}
