package outage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestOutageDuringUndo cuts the way to the API server before the undo's first request, in all the ways in which that
// happens, and restores it when the undo is seen to wait. Nothing may be left behind.
func TestOutageDuringUndo(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]struct{ begin, end func(*testing.T, *relay) }{
		"nobody listens":      {func(_ *testing.T, r *relay) { r.refuse() }, func(t *testing.T, r *relay) { r.accept(t) }},
		"connections reset":   {spoiled(`{"type": "reset_peer", "stream": "upstream"}`), healed},
		"requests disappear":  {spoiled(`{"type": "timeout", "stream": "upstream"}`), healed},
		"answers disappear":   {spoiled(`{"type": "timeout", "stream": "downstream"}`), healed},
		"answers are cut off": {spoiled(`{"type": "limit_data", "stream": "downstream", "attributes": {"bytes": 50}}`), healed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, r := newScene(t, faults), newRelay(t)
			p := s.start(t, r.kubeconfig, s.experiment(t, 5*time.Minute))
			cut.begin(t, r)
			p.Signal(t, interrupt)
			p.Says(t, "waiting for the API server")
			assert.Positive(t, s.broken(t), "what was undone without an API server?")
			cut.end(t, r)
			healed := time.Now()
			s.assertOutcome(t, p, interrupted)
			t.Logf("left %s after the end of the outage", milliseconds(time.Since(healed)))
		})
	}
}

func spoiled(toxic string) func(*testing.T, *relay) {
	return func(t *testing.T, r *relay) { r.spoil(t, toxic) }
}

func healed(t *testing.T, r *relay) { r.heal(t) }

// TestDistantAPIServer proves that the undo of ten faults is in time where every answer takes long.
func TestDistantAPIServer(t *testing.T) {
	t.Parallel()
	s, r := newScene(t, faults), newRelay(t)
	p := s.start(t, r.kubeconfig, s.experiment(t, 5*time.Minute))
	r.spoil(t, `{"type": "latency", "stream": "downstream", "attributes": {"latency": 500}}`)
	_, took := p.Interrupt(t)
	t.Logf("left %s after the signal", milliseconds(took))
	assert.Less(t, took, ciPatience)
	s.assertOutcome(t, p, interrupted)
}
