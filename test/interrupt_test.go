package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// patience is what hosted CI gives a process between its first signal and its second (G7).
const patience = 7500 * time.Millisecond

// TestInterruptPutsTheConfigurationBack proves that Ctrl-C in the middle of a fault leaves nothing of it.
func TestInterruptPutsTheConfigurationBack(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	before, deployment := s.configMap(t), s.catalogue(t)
	experiment := quiet("interrupt", "deployment/catalogue", "configCorrupt: {configMap: catalogue-config, key: catalogue.json, restart: true}", "5m")
	p := start(t, s.cluster, "run", "-f", file(t, experiment), "-n", s.namespace)
	p.Says(t, "proved  patch deployment")
	assert.NotEqual(t, before.Data, s.configMap(t).Data)

	r := assertInterrupted(t, p)
	require.Len(t, r.Changes, 2)
	assertSameContent(t, before, s.configMap(t))
	assertSameDeployment(t, deployment, s.catalogue(t))
	assert.Empty(t, s.marks(t))
}

// TestInterruptPutsTheNodeBack proves the same of a drain that is under way.
func TestInterruptPutsTheNodeBack(t *testing.T) {
	t.Parallel()
	s := newShop(t, takeNodes(t), healthy)
	before := s.nodes(t)
	experiment := quiet("interrupt", "deployment/frontend", "nodeDrain: {count: 1}", "5m")
	p := start(t, s.cluster, "run", "-f", file(t, experiment+"  guard: {maxAffected: 67%}\n"), "-n", s.namespace)
	p.Says(t, "inject  evict pod")
	assert.NotEqual(t, before, s.nodes(t))

	assertInterrupted(t, p)
	assert.Equal(t, before, s.nodes(t), "the nodes are not as before")
	assert.Empty(t, s.marks(t))
}

// assertInterrupted interrupts a run, and wants it to end in time, put everything back and report that.
func assertInterrupted(t *testing.T, p *binary.Process) report.Result {
	t.Helper()
	code, took := p.Interrupt(t)
	t.Logf("left %s after the signal", took.Round(time.Millisecond))
	assert.Equal(t, report.ExitInterrupted, code)
	assert.Less(t, took, patience)
	r := p.Result(t)
	assert.Equal(t, report.Aborted, r.Verdict)
	assert.Equal(t, report.UndoClean, r.Undo)
	assert.NotEmpty(t, binary.Content(t, filepath.Join(p.Dir(t), "report.html")))
	assertRecorded(t, p, "")
	return r
}
