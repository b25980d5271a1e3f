package report

import "github.com/chaosctl/chaosctl/pkg/event"

// Model is a result with the series behind it: all that a page shows. Its size does not grow with the number of
// requests. Instants are offsets from the start of the run.
type Model struct {
	Result
	// End is the last instant of the run.
	End   event.Instant
	Plan  event.Planned
	Spans []Span
	// Series holds one entry for each stream, in the order of Result.Streams.
	Series []StreamSeries
	Marks  []Mark
	Pods   []PodLane
	Notes  []Note
	// Counts are the workloads and autoscalers whose numbers changed; Happened is what Kubernetes told of the target.
	Counts   []CountLane
	Happened []Happening
	// ProbeLanes are the probes over time, in the order of Result.Probes.
	ProbeLanes []ProbeLane
	// Configs are what changes made of ConfigMaps and Secrets, in their order.
	Configs []ConfigChange
	// Shares are who answered each stream, in each phase of the run, where answers name their pods.
	Shares []StreamShares
	// ExperimentYAML is the experiment as it was run.
	ExperimentYAML string
}

// Span is a phase of the run on the timeline.
type Span struct {
	Phase      event.Phase
	Start, End event.Instant
}

// StreamSeries is one stream in buckets of equal width.
type StreamSeries struct {
	Name        string
	Connections string
	// Width of a bucket, in seconds: 0.1, or more for runs that are long.
	Width   float64
	Buckets []Bucket
	Outages []OutageSpan
}

// Bucket counts the requests that were due within one step of the timeline.
type Bucket struct {
	Start    event.Instant
	Requests uint64
	Failures uint64
	// P50 and P99 are response times in seconds of the successful requests; 0 without any.
	P50, P99 float64
}

// OutageSpan is an outage on the timeline.
type OutageSpan struct{ Start, End event.Instant }

// Mark is an instant of note: an injection, an undo, an abort.
type Mark struct {
	At event.Instant
	// Kind is inject, undo, abort or block.
	Kind string
	Text string
	// Short stands for the text where there is no room for that; empty for none.
	Short string
}

// PodLane is the life of one pod of the workload under test.
type PodLane struct {
	Name, UID, Node string
	Segments        []PodSegment
}

// PodSegment is a span in which a pod was in one state.
type PodSegment struct {
	// State is pending, starting, running, ready, terminating.
	State      string
	Start, End event.Instant
}

// CountLane is how many replicas were wanted and how many there were, of a workload or as an autoscaler has it.
type CountLane struct {
	Name string
	// Have says what those are that there were: ready, or current.
	Have  string
	Steps []CountStep
}

// CountStep holds from an instant on.
type CountStep struct {
	At           event.Instant
	Wanted, Have int
}

// Happening is an Event of Kubernetes.
type Happening struct {
	At                     event.Instant
	Warning                bool
	About, Reason, Message string
	Count                  int
}

// Note is a remark of the run.
type Note struct {
	At      event.Instant
	Level   string
	Message string
}
