package verdict

import (
	"fmt"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
)

var _ = aborts.Add(experiment.Definition[AbortCondition]{
	Name: "availability", Summary: "Aborts when too small a share of requests succeeds.",
	Example: `
- availability: {of: browse, below: 50%, over: 10s}
`,
	New: func() AbortCondition { return &AbortAvailability{} },
})

// AbortCondition is what the parameters of an entry of spec.abortIf can do. Each is a [RequestCondition] or a
// [CheckCondition] too.
type AbortCondition interface {
	// Name is the condition in short: "availability of browse below 50% over 10s".
	Name() string
	// Watched counts what the condition was evaluated on: 1,000 times a "request" of "browse".
	Watched(f *Facts) (n uint64, what, of string)
}

// RequestCondition is evaluated on every request.
type RequestCondition interface {
	AbortCondition
	Watch() RequestWatch
}

// RequestWatch evaluates a condition over the requests of a run, in the order in which they end.
type RequestWatch interface {
	// Observe takes a request of the named load, and returns why the run must be aborted, or "". It is called by one
	// goroutine at a time.
	Observe(load string, s load.Sample) string
}

// CheckCondition is evaluated on every check of a probe.
type CheckCondition interface {
	AbortCondition
	WatchChecks() CheckWatch
}

// CheckWatch evaluates a condition over the checks of the probes of a run, those of each in the order in which they end.
type CheckWatch interface {
	// Observe takes a check of the named probe, and returns why the run must be aborted, or "". It is called by one
	// goroutine at a time.
	Observe(probe string, c Check) string
}

// AbortAvailability aborts a run when less than a share of a load's requests succeeded over a span of time.
type AbortAvailability struct {
	// Of names the load.
	Of string `json:"of"`
	// Below is the share of successful requests under which the run is aborted.
	Below experiment.Percent `json:"below"`
	// Over is the span of time that the share is taken of; nothing is aborted before it has passed once.
	Over experiment.Duration `json:"over" form:"positive"`
}

// Check refuses a load that does not exist.
func (a *AbortAvailability) Check(c *experiment.Check) {
	c.Stream("of", a.Of)
	if a.Over < experiment.Duration(steps*time.Millisecond) {
		c.Fail("over", "%s is too short: expected %s or more", a.Over, steps*time.Millisecond)
	}
}

// steps is into how many parts the span is divided, which slide out of it one by one.
const steps = 50

// Name says what is watched, and the bound.
func (a *AbortAvailability) Name() string {
	return fmt.Sprintf("availability of %s below %s over %s", a.Of, a.Below, a.Over)
}

// Watched counts the requests of the load.
func (a *AbortAvailability) Watched(f *Facts) (n uint64, what, of string) {
	if l := f.Loads[a.Of]; l != nil {
		n = l.Requests[Run].Total
	}
	return n, "request", a.Of
}

// Watch begins to evaluate.
func (a *AbortAvailability) Watch() RequestWatch { return &abortWatch{condition: a} }

// abortWatch keeps counts for the parts of the span, so that its memory does not depend on the rate.
type abortWatch struct {
	condition        *AbortAvailability
	parts            [steps]struct{ requests, failures int }
	requests, failed int
	first            int64
	current          int64
	begun            bool
}

// Observe is called for every request. It says nothing before the span is full once.
func (w *abortWatch) Observe(name string, s load.Sample) string {
	if name != w.condition.Of {
		return ""
	}
	width := w.condition.Over.Std() / steps
	w.slide(int64(s.End / event.Instant(width)))
	part := &w.parts[w.current%steps]
	part.requests++
	w.requests++
	if !s.OK() {
		part.failures++
		w.failed++
	}
	if w.current-w.first < steps {
		return ""
	}
	if uint64(w.failed) <= AllowedFailures(w.condition.Below, uint64(w.requests)) {
		return ""
	}
	share := 1 - float64(w.failed)/float64(w.requests)
	return fmt.Sprintf("availability of %s was %s over %s; the run aborts below %s", name, percent(share), w.condition.Over, w.condition.Below)
}

// slide empties the parts that lie between the newest one and the one of this request.
func (w *abortWatch) slide(to int64) {
	if !w.begun {
		w.begun, w.first, w.current = true, to, to
	}
	for w.current < to {
		w.current++
		part := &w.parts[w.current%steps]
		w.requests -= part.requests
		w.failed -= part.failures
		*part = struct{ requests, failures int }{}
		if to-w.current > steps {
			w.current = to - steps
		}
	}
}
