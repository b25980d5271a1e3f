package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
)

func TestSurroundings(t *testing.T) {
	const second = event.Instant(1e9)
	s := newSurroundings()
	s.workload(0, event.WorkloadObserved{Kind: "Deployment", Name: "web", UID: "d", Desired: 3, Ready: 3, Revision: "2", Target: true})
	s.workload(0, event.WorkloadObserved{Kind: "ReplicaSet", Name: "web-1", UID: "r1", Desired: 3, Ready: 3, Revision: "1"})
	s.workload(second, event.WorkloadObserved{Kind: "ReplicaSet", Name: "web-1", UID: "r1", Desired: 3, Ready: 2, Revision: "1"})
	s.workload(2*second, event.WorkloadObserved{Kind: "ReplicaSet", Name: "web-1", UID: "r1", Desired: 3, Ready: 2, Current: 9, Revision: "1"})
	s.scaler(0, event.ScalerObserved{Name: "web", UID: "h", Min: 2, Max: 6, Current: 3, Desired: 3})
	s.scaler(3*second, event.ScalerObserved{Name: "web", UID: "h", Min: 2, Max: 6, Current: 3, Desired: 6, Limited: "TooManyReplicas"})
	lanes := s.lanes()
	require.Len(t, lanes, 2, "one that kept its size is none")
	assert.Equal(t, CountLane{Name: "ReplicaSet web-1, revision 1", Have: "ready", Steps: []CountStep{{0, 3, 3}, {second, 3, 2}}}, lanes[0])
	assert.Equal(t, "autoscaler web, 2 to 6 (TooManyReplicas)", lanes[1].Name)
	assert.Equal(t, 6, lanes[1].most())
	assert.Equal(t, "at 0.00 s 3 wanted, 3 current; at 3.00 s 6 wanted, 3 current", lanes[1].Words())
}

// TestSurroundingsAreShown: what autoscalers and Events say comes from anybody, and is escaped in the picture and beside it.
func TestSurroundingsAreShown(t *testing.T) {
	const evil = `</title><script>alert(1)</script>`
	m := passingKill()
	m.Counts = []CountLane{{Name: "autoscaler " + evil, Have: "current", Steps: []CountStep{{0, 2, 2}, {m.End / 2, 4, 2}}}}
	m.Happened = []Happening{{At: m.End / 2, Warning: true, About: "Pod " + evil, Reason: evil, Message: evil, Count: 3}, {At: m.End / 3, Reason: "Killing", About: "Pod web-1"}}
	var page strings.Builder
	require.NoError(t, WriteHTML(&page, m))
	text := page.String()
	assert.NotContains(t, text, "<script")
	for _, want := range []string{`class="have"`, `class="wanted"`, `class="tick-warning"`, `class="tick-normal"`, "3 times", "Replicas in words", "Killing: Pod web-1"} {
		assert.Contains(t, text, want)
	}
}
