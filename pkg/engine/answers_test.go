package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// answer is a request that was sent at an instant and answered by a pod.
func answer(pod string, at event.Instant) load.Sample {
	return load.Sample{Start: at, End: at + 1, Status: 200, Pod: pod}
}

func TestAnswersOfNewPods(t *testing.T) {
	var a answers
	a.add(answer("web-1", 5), true)
	a.add(answer("web-2", 20), true)
	assert.True(t, a.all([]string{"web-2"}, 10))
	assert.False(t, a.all([]string{"web-1", "web-2"}, 10), "web-1 has answered before, and not since")
	assert.False(t, a.all([]string{"web-3"}, 10))
	assert.True(t, a.all(nil, 100), "there is nobody to wait for")

	a.add(load.Sample{Start: 30, End: 31, Cause: load.Refused, Pod: "web-3"}, true)
	assert.False(t, a.all([]string{"web-3"}, 10), "it refused")
	a.add(answer("web-3", 9), true)
	a.add(answer("web-3", 40), true)
	a.add(answer("web-3", 8), true)
	assert.True(t, a.all([]string{"web-3"}, 10), "answers come in any order")
}

func TestAnswersWithoutNames(t *testing.T) {
	var a answers
	assert.False(t, a.all([]string{"web-1"}, 1), "nobody has answered")
	a.add(answer("", 5), false)
	assert.True(t, a.all([]string{"web-1"}, 5), "somebody has")
	assert.False(t, a.all([]string{"web-1"}, 6))
}

func TestRequestsThatCouldReachNewPods(t *testing.T) {
	var a answers
	a.add(answer("", 1), false)
	a.add(answer("", 2), false)
	assert.EqualValues(t, 2, a.count(), "there are no others")
	a.add(answer("", 3), true)
	assert.EqualValues(t, 1, a.count(), "connections that are reused stay with their pods")
}
