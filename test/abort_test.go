package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/examples/shop/deploy"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestAbortConditionEndsTheRun proves that a run that does harm stops by itself, soon, and takes the fault back.
func TestAbortConditionEndsTheRun(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, controlOneReplica)
	pod := controlOf(t, s)
	for n, c := range []struct {
		of, condition, reason string
		// earliest is when it can have come true: half of the requests of 2 seconds have failed 1 second after the outage began;
		// and so has a probe, of which the first check takes its time.
		earliest time.Duration
	}{
		{"requests", "availability: {of: browse, below: 50%, over: 2s}", "the run aborts below 50%", 800 * time.Millisecond},
		{"checks", "probe: {name: home, failing: 1s}", "the probe home failed for 1", 800 * time.Millisecond},
	} {
		t.Run(c.of, func(t *testing.T) {
			before := s.configMap(t)
			experiment := fmt.Sprintf(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: abort}
spec:
  promise: configuration
  target: {namespace: shop, workload: deployment/frontend}
  load:
  - {name: browse, http: {url: %q}, rate: 50/s}
  probes:
  - {name: home, http: {url: %[1]q}, interval: 100ms, timeout: 500ms}
  steady: {for: 2s}
  faults:
  - {name: harmless, configCorrupt: {configMap: catalogue-config, key: mode}}
  duration: 5m
  expect:
  - availability: {of: browse, atLeast: 90%%}
  abortIf:
  - %s
`, pod.page(), c.condition)

			p := start(t, s.cluster, "run", "-f", file(t, experiment), "-n", s.namespace)
			p.Says(t, "proved  patch configmap")
			began := time.Now()
			pod.begin(t, 5*time.Second)
			require.Equal(t, report.ExitAborted, p.Exit(t))
			r := p.Result(t)
			assert.Equal(t, report.Aborted, r.Verdict)
			assert.Equal(t, report.UndoClean, r.Undo)
			assert.Contains(t, r.Reasons[0], c.reason)
			require.Len(t, r.Changes, 1)
			undone := r.Changes[0].UndoneAt.Sub(began)
			t.Logf("undone %s after the outage began", undone.Round(time.Millisecond))
			assert.Greater(t, undone, c.earliest)
			assert.Less(t, undone, 2*time.Second)
			assertSameContent(t, before, s.configMap(t))
			assert.Empty(t, s.marks(t))
			pod.ended(t, 1+n)
			require.NoError(t, deploy.Await(t.Context(), s.config, s.namespace))
		})
	}
}
