package engine

import (
	"context"
	"sync"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// aborts evaluates the abort conditions on every request and every check, where they are, and not on a poll. It may be
// told by several goroutines at once.
type aborts struct {
	cancel context.CancelCauseFunc

	mu sync.Mutex
	// By the path of the condition.
	requests map[string]verdict.RequestWatch
	checks   map[string]verdict.CheckWatch
}

// newAborts begins to evaluate the conditions. One that comes true cancels with a [Stop].
func newAborts(conditions []experiment.AbortCondition, cancel context.CancelCauseFunc) *aborts {
	a := &aborts{cancel: cancel, requests: map[string]verdict.RequestWatch{}, checks: map[string]verdict.CheckWatch{}}
	for i, c := range conditions {
		switch condition := c.Params.(type) {
		case verdict.RequestCondition:
			a.requests[event.AbortPath(i)] = condition.Watch()
		case verdict.CheckCondition:
			a.checks[event.AbortPath(i)] = condition.WatchChecks()
		}
	}
	return a
}

// request tells of a request that has ended.
func (a *aborts) request(load string, s load.Sample) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for path, w := range a.requests {
		a.stop(path, w.Observe(load, s))
	}
}

// check tells of a check of a probe that ended at an instant.
func (a *aborts) check(c event.ProbeChecked, end event.Instant) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for path, w := range a.checks {
		a.stop(path, w.Observe(c.Name, verdict.CheckOf(c, end)))
	}
}

func (a *aborts) stop(path, reason string) {
	if reason != "" {
		a.cancel(&Stop{Outcome: event.Aborted, Reason: reason, Condition: path})
	}
}
