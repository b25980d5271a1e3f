package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestHealthyShopSurvivesPodKill proves the first promise on a workload that keeps it: clients notice nothing, on old
// connections and on new ones; the pod is replaced, and what each part of that took adds up.
func TestHealthyShopSurvivesPodKill(t *testing.T) {
	t.Parallel()
	takeRoom(t, slots) // it is about what clients notice
	s := newShop(t, shared, healthy)
	before := s.uids(t)

	p := chaosctl(t, s.cluster, "run", "-f", file(t, patient(t, "pod-kill")), "-n", s.namespace)
	require.Zero(t, p.Exit(t))
	r := p.Result(t)
	assert.Equal(t, report.Pass, r.Verdict)
	assert.Equal(t, report.UndoClean, r.Undo)

	streams := map[string]report.StreamResult{}
	for _, stream := range r.Streams {
		streams[stream.Connections] = stream
		require.NotNil(t, stream.Availability)
		assert.GreaterOrEqual(t, *stream.Availability, 0.999, stream.Connections)
		assert.False(t, stream.Starved, stream.Connections)
		assert.InDelta(t, 100, stream.Achieved, 1, stream.Connections)
		t.Logf("%s connections: %d requests, %d failures, p99 %.0f ms", stream.Connections, stream.Requests, stream.Failures, stream.Latency.P99*1e3)
	}
	assert.Len(t, r.Streams, 2)
	assert.Contains(t, streams, "fresh")
	assert.Contains(t, streams, "reuse")

	require.Len(t, r.Recoveries, 1)
	recovery := r.Recoveries[0]
	after := s.uids(t)
	assert.Contains(t, before, recovery.Victim.UID)
	assert.NotContains(t, after, recovery.Victim.UID, "the victim is still there")
	require.NotNil(t, recovery.Replacement)
	assert.NotContains(t, before, recovery.Replacement.UID)
	assert.Contains(t, after, recovery.Replacement.UID)
	assert.False(t, recovery.Censored)
	assert.False(t, recovery.Inferred, "the answers name their pods")
	assertPhasesAddUp(t, recovery)
	t.Log(report.LongestPhase(&r))
	assertKubeletAgrees(t, s, p.Dir(t), &r)

	assertFilesCanBeMadeAgain(t, s.cluster, p.Dir(t))
}

// assertPhasesAddUp wants all phases of a recovery, none negative, and their sum to be the total.
func assertPhasesAddUp(t *testing.T, r report.RecoveryResult) {
	t.Helper()
	require.NotNil(t, r.Total)
	sum := 0.0
	for name, seconds := range map[string]*float64{
		"detect": r.Phases.Detect, "create": r.Phases.Create, "schedule": r.Phases.Schedule, "prepare": r.Phases.Prepare,
		"start": r.Phases.Start, "ready": r.Phases.Ready, "publish": r.Phases.Publish, "serve": r.Phases.Serve, "stabilise": r.Phases.Stabilise,
	} {
		if assert.NotNil(t, seconds, "phase %s was not measured", name) {
			assert.GreaterOrEqual(t, *seconds, 0.0, name)
			sum += *seconds
		}
	}
	assert.InDelta(t, *r.Total, sum, 1e-6, "the phases do not sum to the total")
}

// assertFilesCanBeMadeAgain wants all files of a run, and `chaosctl report` to make the same result from its log.
func assertFilesCanBeMadeAgain(t *testing.T, c *cluster, dir string) {
	t.Helper()
	for _, name := range []string{"result.json", "events.jsonl", "samples.bin", "report.html", "junit.xml", "summary.md"} {
		assert.NotEmpty(t, binary.Content(t, filepath.Join(dir, name)), name)
	}
	again := t.TempDir()
	for _, name := range []string{"events.jsonl", "samples.bin"} {
		require.NoError(t, os.WriteFile(filepath.Join(again, name), []byte(binary.Content(t, filepath.Join(dir, name))), 0o644))
	}
	assert.Equal(t, binary.ResultIn(t, dir).ExitCode, chaosctl(t, c, "report", again).Exit(t))
	assert.Equal(t, binary.Content(t, filepath.Join(dir, "result.json")), binary.Content(t, filepath.Join(again, "result.json")))
}
