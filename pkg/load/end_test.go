package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// TestAnAnswerEndsBeforeItIsLookedAt: what it takes to judge an answer is not time that the server took.
func TestAnAnswerEndsBeforeItIsLookedAt(t *testing.T) {
	base := time.Now()
	clock := event.NewClock(base)
	result := &vegeta.Result{Timestamp: base.Add(time.Second), Latency: 5 * time.Second}
	s := Stream{}.sample(clock, 0, result, outcome{status: 200, end: base.Add(3 * time.Second)})
	assert.Equal(t, 2*time.Second, s.Service())
	s = Stream{}.sample(clock, 0, result, outcome{status: 200})
	assert.Equal(t, 5*time.Second, s.Service(), "one that is not looked at")
}
