package engine

import (
	"sync"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// answers follow which pods answer the requests of the run. Safe for concurrent use.
type answers struct {
	mu sync.Mutex
	// newest is when the newest request was sent that was answered with success; of is the same for each pod, by its name, and
	// empty where answers name none.
	newest event.Instant
	of     map[string]event.Instant
	// fresh and reused count the requests that ended, by their connections.
	fresh, reused uint64
}

func (a *answers) add(s load.Sample, fresh bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if fresh {
		a.fresh++
	} else {
		a.reused++
	}
	if !s.OK() {
		return
	}
	a.newest = max(a.newest, s.Start)
	if _, known := a.of[s.Pod]; s.Pod != "" && (known || len(a.of) < mostAnswering) {
		if a.of == nil {
			a.of = map[string]event.Instant{}
		}
		a.of[s.Pod] = max(a.of[s.Pod], s.Start)
	}
}

// mostAnswering bounds what a server can have this remember that answers by a new name each time.
const mostAnswering = 10_000

// count is how many requests ended. Those over connections that are reused stay with the pods that they have, so that they tell
// little of new ones: they count only where there are no others.
func (a *answers) count() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fresh > 0 {
		return a.fresh
	}
	return a.reused
}

// all says whether each of the pods has answered a request since an instant. Where answers name none, one of anybody's stands for
// theirs, as it does in the report.
func (a *answers) all(pods []string, since event.Instant) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.of) == 0 {
		return len(pods) == 0 || a.newest >= since
	}
	for _, name := range pods {
		if a.of[name] < since {
			return false
		}
	}
	return true
}
