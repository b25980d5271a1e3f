package outage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWatchDelay proves that a run knows how late it sees what happens: what the way back from the API server takes is in it
// (G15).
func TestWatchDelay(t *testing.T) {
	t.Parallel()
	const way = 200 * time.Millisecond
	s, r := newScene(t, 1), newRelay(t)
	near := s.start(t, shared.Kubeconfig, s.experiment(t, 5*time.Minute))
	near.Interrupt(t)
	here := s.assertOutcome(t, near, interrupted).WatchDelay

	r.spoil(t, `{"type": "latency", "stream": "downstream", "attributes": {"latency": 200}}`)
	far := s.start(t, r.kubeconfig, s.experiment(t, 5*time.Minute))
	far.Interrupt(t)
	there := s.assertOutcome(t, far, interrupted).WatchDelay
	require.NotNil(t, here)
	require.NotNil(t, there)
	assert.Positive(t, here.Median)
	assert.LessOrEqual(t, here.Median, here.Max)
	assert.GreaterOrEqual(t, there.Median, way.Seconds())
	t.Logf("%d writes were seen within %.1f ms, %d from afar within %.1f ms", here.Writes, here.Max*1e3, there.Writes, there.Max*1e3)
}
