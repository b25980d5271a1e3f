package verdict

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/timeline"
)

// Window is a part of a run.
type Window string

// The windows. Run is all of them together.
const (
	Steady   Window = "steady"
	Fault    Window = "fault"
	Recovery Window = "recovery"
	Run      Window = "run"
)

// Values lists the windows.
func (Window) Values() []string {
	return []string{string(Steady), string(Fault), string(Recovery), string(Run)}
}

// Facts are what a run showed.
type Facts struct {
	Windows map[Window]Span
	// Loads is by the name of the load.
	Loads      map[string]*Load
	Recoveries []timeline.Recovery
	// Ready is the number of ready pods of the target over time; each entry holds from its instant on.
	Ready []ReadyCount
	// Lapses are the losses of readiness of the target's pods, in order.
	Lapses []Lapse
	// PodsMissed says that the watch of the pods was cut, so that some of what they did may not have been seen.
	PodsMissed bool
	// Workload holds the states of the target's controller, in order; WorkloadMissed says that its watch was cut.
	Workload       []WorkloadState
	WorkloadMissed bool
	// Injected holds the instants at which the changes that were acknowledged had been sent, in order.
	Injected []event.Instant
	// Restored is when the undo of the last change was over; zero where there was none to undo.
	Restored event.Instant
	// Cut says that the run did not reach its end: it was stopped, or its record breaks off.
	Cut bool
	// Converged is when the target had converged for good after the fault window, and true; or false.
	Converged   event.Instant
	DidConverge bool
	// Values is what queries gave, by which they are.
	Values map[string]event.ValuesRead
	// Declared are the comparisons of what is declared with what was before, in order, as far as they were made.
	Declared []DeclaredLook
	// StableFor is how long the target must stay as it is to count as recovered.
	StableFor time.Duration
	// WatchDelay is by how much watches were late at the most, before the first fault; zero where it was not measured.
	WatchDelay time.Duration
	// Probes is by the name of the probe; one that was never checked is missing.
	Probes map[string]*ProbeRecord
	// Snapshots hold what conditions look at, as far as they were taken.
	Snapshots map[event.Moment]Snapshot
}

// Snapshot is the target at one moment. Objects are as the API gives them, by the name that conditions have for them;
// what could not be read is missing, and Unread says why.
type Snapshot struct {
	Objects map[string]any
	Unread  map[string]string
}

// Span is a stretch of a run.
type Span struct{ Start, End event.Instant }

// Length is how long the span is.
func (s Span) Length() time.Duration { return s.End.Sub(s.Start) }

// Load is what the streams of one load saw together.
type Load struct {
	// Starved says that requests could not be sent when they were due.
	Starved  bool
	Requests map[Window]Requests
	// Outages are those of each stream, and so of each kind of connection.
	Outages []Outage
	// Spacing is the time between two requests of the slowest stream: no shorter outage can be seen.
	Spacing time.Duration
	// Shares are those of the requests on fresh connections, in the windows whose balance is expected.
	Shares map[Window]Shares
}

// Requests counts the requests that were due in a window.
type Requests struct {
	Total, Failures uint64
	// Latency is the distribution of the response times of the successful requests, in nanoseconds.
	Latency *hdrhistogram.Histogram
}

// Outage is a span in which no request of a stream succeeded.
type Outage struct {
	Span
	Connections string
	Failures    uint64
	Resolution  time.Duration
	// Open says that no request succeeded again.
	Open bool
}

// ReadyCount is the number of ready pods from an instant on.
type ReadyCount struct {
	At    event.Instant
	Ready int
}

// ProbeRecord is what the checks of a probe showed, in the order in which they ended.
type ProbeRecord struct{ Checks []Check }

// Check is one check of a probe, from when it began to when its answer was there.
type Check struct {
	Span
	// Held says that the condition was found to hold; Unknown that nothing could be measured.
	Held, Unknown bool
	// Moment is set for a check that asserts by itself.
	Moment event.Moment
	// Message says why the check did not hold.
	Message string
}

// CheckOf is a check that ended at an instant.
func CheckOf(c event.ProbeChecked, end event.Instant) Check {
	took := time.Duration(c.Seconds * float64(time.Second))
	return Check{Span: Span{Start: end.Add(-took), End: end}, Held: c.OK, Unknown: c.Unknown, Moment: c.Moment, Message: c.Message}
}
