package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/report"
)

var observedRunning = regexp.MustCompile(` observedRunningTime="([^"]*?)(?: m=[^"]*)?"`)

// toldRunning is when the kubelet of a node had told the API server that the containers of a pod run: when it got the answer to that,
// to the nanosecond (RecordStatusUpdated in pkg/kubelet/util/pod_startup_latency_tracker.go of Kubernetes).
func (c *cluster) toldRunning(t *testing.T, node, pod string) time.Time {
	t.Helper()
	path, err := c.Log(node + "/kubelet")
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, `"Observed pod startup duration" pod="`+pod+`"`) {
			continue
		}
		found := observedRunning.FindStringSubmatch(line)
		require.NotNil(t, found, line)
		at, err := time.Parse("2006-01-02 15:04:05.999999999 -0700 MST", found[1])
		require.NoError(t, err)
		return at
	}
	require.FailNow(t, "the kubelet says nothing of the pod", pod)
	return time.Time{}
}

// seenRunning is when a run saw that the containers of a pod run.
func seenRunning(t *testing.T, dir, uid string) time.Time {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, "events.jsonl"))
	require.NoError(t, err)
	defer file.Close()
	var base, seen time.Time
	require.NoError(t, event.Read(file, func(e event.Event) error {
		switch p := e.Payload.(type) {
		case event.RunStarted:
			base = p.Base
		case event.PodObserved:
			if p.UID == uid && p.Running && seen.IsZero() {
				seen = base.Add(e.At.Sub(0))
			}
		}
		return nil
	}))
	require.False(t, seen.IsZero())
	return seen
}

// assertKubeletAgrees holds when a replacement ran, as the run has it, against the log of its kubelet. The answer to who told it and
// the watch of who is told go out at the same time, so that they differ by what a watch may be late, and this machine be busy.
func assertKubeletAgrees(t *testing.T, s *shop, dir string, r *report.Result) {
	t.Helper()
	replacement := r.Recoveries[0].Replacement
	told, seen := s.toldRunning(t, replacement.Node, s.namespace+"/"+replacement.Name), seenRunning(t, dir, replacement.UID)
	t.Logf("the replacement was seen to run %s after its kubelet had told so", seen.Sub(told))
	require.NotNil(t, r.WatchDelay)
	const busy = 250 * time.Millisecond
	assert.WithinDuration(t, told, seen, time.Duration(r.WatchDelay.Max*float64(time.Second))+busy)
}
