package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// outageError is by how much the ends of an outage may differ from the truth: two requests of a stream of 100 a second.
// Where the machine is so busy that requests are late, the result says so by a resolution that is coarser, and no end
// may be further from the truth than that.
const outageError = 20 * time.Millisecond

// TestOutagesAgreeWithTheShopsOwnLog proves that a measured outage is the real one. The shop goes down at the word of
// the test and writes down when; each stream must have seen the same outages, begun and ended at the same instants.
//
// The streams go to the pod and not to the Service, for which the longest outage lasts longer than for the pod: until
// the readiness probe has passed again.
func TestOutagesAgreeWithTheShopsOwnLog(t *testing.T) {
	t.Parallel()
	takeRoom(t, slots)
	s := newShop(t, shared, controlOneReplica)
	pod := controlOf(t, s)
	experiment := fmt.Sprintf(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: outages}
spec:
  promise: configuration
  target: {namespace: shop, workload: deployment/frontend}
  load:
  - {name: browse, http: {url: %q}, rate: 200/s, connections: both}
  steady: {for: 3s}
  faults:
  - {name: harmless, configCorrupt: {configMap: catalogue-config, key: mode}}
  duration: 18s
  expect:
  - outage: {of: browse, longest: 1s}
`, pod.page())

	p := start(t, s.cluster, "run", "-f", file(t, experiment), "-n", s.namespace)
	p.Says(t, "proved  patch configmap")
	for _, length := range []time.Duration{300 * time.Millisecond, 700 * time.Millisecond, 1500 * time.Millisecond} {
		pod.cause(t, length)
	}
	require.Equal(t, report.ExitFail, p.Exit(t))
	r := p.Result(t)

	truth := pod.outages(t)
	require.Len(t, truth, 3)
	require.Less(t, truth[2].End, r.Windows.Fault.End, "the outages were not over before the fault window")
	require.Len(t, r.Streams, 2)
	for _, stream := range r.Streams {
		require.Len(t, stream.Outages, len(truth), "%s connections: %+v", stream.Connections, stream.Outages)
		for i, seen := range stream.Outages {
			bound := max(outageError, time.Duration(seen.Resolution*float64(time.Second)))
			end := seen.Start.Add(time.Duration(seen.Duration * float64(time.Second)))
			startError, endError := seen.Start.Sub(truth[i].Start), end.Sub(truth[i].End)
			t.Logf("%s connections, outage of %s: begins %s and ends %s beside the truth; resolution %.1f ms",
				stream.Connections, truth[i].End.Sub(truth[i].Start).Round(time.Millisecond), startError.Round(10*time.Microsecond), endError.Round(10*time.Microsecond), seen.Resolution*1e3)
			assert.LessOrEqual(t, startError.Abs(), bound)
			assert.LessOrEqual(t, endError.Abs(), bound)
		}
	}
	require.Len(t, r.Expectations, 1)
	assert.Equal(t, report.Fail, r.Expectations[0].Verdict)
}
