package report

import (
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// ResultVersion is the version of result.json.
const ResultVersion = "chaosctl.dev/v1alpha1"

// Result is the content of result.json: what a machine can gate on. Durations are seconds as numbers; instants are
// RFC 3339 with nanoseconds, in UTC. Absent fields were not measured.
type Result struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	RunID      string        `json:"runID"`
	Experiment ExperimentRef `json:"experiment"`
	// GameDay is the name of that which the run was part of; absent for none.
	GameDay   string        `json:"gameDay,omitempty"`
	Seed      int64         `json:"seed"`
	Cluster   event.Cluster `json:"cluster"`
	StartedAt time.Time     `json:"startedAt"`
	EndedAt   time.Time     `json:"endedAt,omitzero"`
	Windows   Windows       `json:"windows"`
	Verdict   Verdict       `json:"verdict"`
	// Reasons explain the verdict, the weightiest first.
	Reasons      []string            `json:"reasons"`
	ExitCode     int                 `json:"exitCode"`
	Undo         UndoState           `json:"undo"`
	Changes      []ChangeResult      `json:"changes"`
	Expectations []ExpectationResult `json:"expectations"`
	AbortIf      []AbortResult       `json:"abortIf,omitempty"`
	Streams      []StreamResult      `json:"streams"`
	Probes       []ProbeResult       `json:"probes,omitempty"`
	Recoveries   []RecoveryResult    `json:"recoveries"`
	// Attribution says what became of the failed requests; absent where none failed.
	Attribution *AttributionResult `json:"attribution,omitempty"`
	// Explanation says what broke, why, and what would have prevented it; absent for a run that passed, and where nothing is known.
	Explanation *Explanation `json:"explanation,omitempty"`
	// WatchDelay is how late watches showed what happened, before the first fault: the resolution of the recoveries.
	WatchDelay  *event.WatchMeasured `json:"watchDelay,omitempty"`
	Environment event.Environment    `json:"environment"`
}

// ExperimentRef names the experiment that was run.
type ExperimentRef struct {
	Name    string `json:"name"`
	Promise string `json:"promise"`
	SHA256  string `json:"sha256"`
	// Source is the file that it was read from, or builtin:NAME.
	Source string `json:"source,omitempty"`
	// Target is the workload under test as namespace/kind/name.
	Target      string `json:"target"`
	Description string `json:"description,omitempty"`
}

// Verdict is the outcome of a run or of an expectation.
type Verdict string

// The outcomes. Aborted is never an expectation's.
const (
	Pass    Verdict = "pass"
	Unknown Verdict = "unknown"
	Fail    Verdict = "fail"
	Aborted Verdict = "aborted"
)

// UndoState says whether the cluster is as it was.
type UndoState string

// The states of the undo, best first.
const (
	UndoClean      UndoState = "clean"
	UndoDiverged   UndoState = "diverged"
	UndoIncomplete UndoState = "incomplete"
)

// Windows are the phases of the run; one that never began is absent.
type Windows struct {
	Steady   *Window `json:"steady,omitempty"`
	Fault    *Window `json:"fault,omitempty"`
	Recovery *Window `json:"recovery,omitempty"`
}

// Window is a span of wall-clock time.
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// ChangeResult is what became of one change.
type ChangeResult struct {
	ID     string       `json:"id"`
	Fault  string       `json:"fault"`
	Object event.Object `json:"object"`
	UID    string       `json:"uid,omitempty"`
	Verb   string       `json:"verb"`
	// Proof is proved, unproved, failed or skipped, with the observation in Message.
	Proof   string `json:"proof"`
	Message string `json:"message,omitempty"`
	// Undo is undone, diverged, stuck, pending (neither undone nor tried), or none where there is nothing to undo.
	Undo string `json:"undo"`
	// BlockedSeconds is how long a budget held the change up.
	BlockedSeconds float64   `json:"blockedSeconds,omitempty"`
	SentAt         time.Time `json:"sentAt,omitzero"`
	AckedAt        time.Time `json:"ackedAt,omitzero"`
	UndoneAt       time.Time `json:"undoneAt,omitzero"`
}

// ExpectationResult is the judgement of one expectation.
type ExpectationResult struct {
	// Name is the expectation in short: "availability of browse".
	Name    string  `json:"name"`
	Kind    string  `json:"kind"`
	Verdict Verdict `json:"verdict"`
	// Observed and Bound are figures with their units; Resolution is the finest difference that the data can show.
	Observed   string `json:"observed"`
	Bound      string `json:"bound"`
	Resolution string `json:"resolution,omitempty"`
	Window     string `json:"window"`
	Why        string `json:"why"`
}

// AbortResult is what became of one abort condition: fail where it came true and ended the run, unknown where nothing was
// watched, else pass.
type AbortResult struct {
	// Name is the condition in short: "availability of browse below 50% over 10s".
	Name    string  `json:"name"`
	Kind    string  `json:"kind"`
	Verdict Verdict `json:"verdict"`
	Why     string  `json:"why"`
}

// StreamResult is what one stream of requests saw.
type StreamResult struct {
	Name        string `json:"name"`
	Connections string `json:"connections"`
	URL         string `json:"url"`
	Via         string `json:"via"`
	// Profile says in words how the rate changed over time; absent where it was constant.
	Profile string `json:"profile,omitempty"`
	// Asked and Achieved are means between the first and the last request, per second.
	Asked    float64 `json:"asked"`
	Achieved float64 `json:"achieved"`
	// Spacing is the longest time between two requests that were asked for, in seconds: no shorter outage is sure to be seen.
	Spacing  float64 `json:"spacing"`
	Starved  bool    `json:"starved,omitempty"`
	Requests uint64  `json:"requests"`
	Failures uint64  `json:"failures"`
	// Availability is the share of requests that succeeded; absent where there were none.
	Availability *float64 `json:"availability,omitempty"`
	// Interval95 is the Clopper-Pearson interval of the availability.
	Interval95      *[2]float64       `json:"interval95,omitempty"`
	Latency         *Latency          `json:"latency,omitempty"`
	Outages         []OutageResult    `json:"outages"`
	FailuresByCause map[string]uint64 `json:"failuresByCause"`
	// Unexpected says what the first of the answers lacked that were not what the experiment asks of them.
	Unexpected string `json:"unexpected,omitempty"`
}

// Latency is the distribution of response times of successful requests in seconds, from the instant that each request was due.
type Latency struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

// OutageResult is a span in which no request that began succeeded.
type OutageResult struct {
	Start    time.Time `json:"start"`
	Duration float64   `json:"duration"`
	// Resolution is the uncertainty of the duration: the distance to the neighbouring successes.
	Resolution float64 `json:"resolution"`
	Failures   uint64  `json:"failures"`
	// Open says that the run ended before a request succeeded again.
	Open bool `json:"open,omitempty"`
}

// ProbeResult is the record of one probe.
type ProbeResult struct {
	Name string `json:"name"`
	// Mode says when it was checked: watch, start, end or both.
	Mode string `json:"mode,omitempty"`
	// Judged says that the verdict depends on its checks: by its mode, or by an expectation.
	Judged   bool `json:"judged"`
	Checks   int  `json:"checks"`
	Failures int  `json:"failures"`
	Unknown  int  `json:"unknown"`
	// LastMessage explains the newest check that did not succeed.
	LastMessage string `json:"lastMessage,omitempty"`
}

// AttributionResult is what became of the failed requests of all streams.
type AttributionResult struct {
	// Failures counts them all. Exact counts those whose pod is known, by the answer, the address or the connection, or that met no
	// pod for a reason of their own; the others are inferred from the state of the pods at the time, or unknown.
	Failures uint64 `json:"failures"`
	Exact    uint64 `json:"exact"`
	// Classes are those that have any, the largest first. They add up to Failures.
	Classes []FailureClass `json:"classes"`
}

// FailureClass is the failed requests of one class: stale, in-flight, starting, not-ready, node-lost, no-endpoint, faulted, rejected, unanswered,
// dns, tls, client or unknown.
type FailureClass struct {
	Class string `json:"class"`
	// Words say what became of the requests.
	Words    string `json:"words"`
	Failures uint64 `json:"failures"`
	Exact    uint64 `json:"exact"`
	// Pods add up to Failures. One without a name is of requests whose pod is not known, or had no part in it.
	Pods []FailurePod `json:"pods"`
	// Examples are the first of the class.
	Examples []FailureExample `json:"examples"`
}

// FailurePod counts the failures of a class at one pod, in one phase of its life: container not up, not ready, "ready, had not
// served", ready, terminating or gone.
type FailurePod struct {
	Pod      string            `json:"pod,omitempty"`
	UID      string            `json:"uid,omitempty"`
	Phase    string            `json:"phase,omitempty"`
	Failures uint64            `json:"failures"`
	Exact    uint64            `json:"exact"`
	ByCause  map[string]uint64 `json:"byCause"`
	First    time.Time         `json:"first"`
	Last     time.Time         `json:"last"`
}

// FailureExample is one failed request.
type FailureExample struct {
	Stream string    `json:"stream"`
	Start  time.Time `json:"start"`
	// Took is the time from its start to its end, in seconds.
	Took   float64 `json:"took"`
	Cause  string  `json:"cause"`
	Status int     `json:"status,omitempty"`
	Pod    string  `json:"pod,omitempty"`
	Phase  string  `json:"phase,omitempty"`
	// Evidence is how its pod is known: answer, address, connection, no pod, or inferred.
	Evidence string `json:"evidence"`
}

// Explanation is what broke, why, and what would have prevented it, a sentence each. What the record does not support is empty.
type Explanation struct {
	Broke string `json:"broke"`
	Why   string `json:"why,omitempty"`
	Mend  string `json:"mend,omitempty"`
	// Kind is that of the mend: preStop, sigterm, readiness, publish, replicas, budget, spread or start.
	Kind string `json:"kind,omitempty"`
	// Avoided is how many of the failed requests the mend would have avoided; 0 where it is not about requests.
	Avoided uint64 `json:"avoided,omitempty"`
}

// RecoveryResult is the recovery from the loss of one pod, split into phases that sum to Total.
type RecoveryResult struct {
	Victim      PodRef  `json:"victim"`
	Replacement *PodRef `json:"replacement,omitempty"`
	// Total is the time from the fault to steady service, in seconds; absent where it was not seen to end.
	Total *float64 `json:"total,omitempty"`
	// Deregister is a parallel lane: from the victim's end to its removal from the endpoints.
	Deregister *float64 `json:"deregister,omitempty"`
	Phases     Phases   `json:"phases"`
	// Censored says that events may have been missed, or that the end was not seen: Total is at least Reached.
	Censored bool    `json:"censored,omitempty"`
	Reached  float64 `json:"reached,omitempty"`
	// Inferred says that the first success was not seen to come from the replacement itself, for want of an identity.
	Inferred bool `json:"inferred,omitempty"`
	// FaultAt is the instant of the injection.
	FaultAt time.Time `json:"faultAt"`
}

// PodRef names a pod.
type PodRef struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
	Node string `json:"node,omitempty"`
}

// Phases are the parts of a recovery in seconds, in order; one that was not reached is absent.
type Phases struct {
	Detect    *float64 `json:"detect,omitempty"`
	Create    *float64 `json:"create,omitempty"`
	Schedule  *float64 `json:"schedule,omitempty"`
	Prepare   *float64 `json:"prepare,omitempty"`
	Start     *float64 `json:"start,omitempty"`
	Ready     *float64 `json:"ready,omitempty"`
	Publish   *float64 `json:"publish,omitempty"`
	Serve     *float64 `json:"serve,omitempty"`
	Stabilise *float64 `json:"stabilise,omitempty"`
}
