package event

import (
	"encoding/json"
	"fmt"
	"time"
)

// RunStarted opens every log: all that is needed to read the rest.
type RunStarted struct {
	RunID string `json:"runID"`
	// Base is the wall-clock time of instant 0.
	Base time.Time `json:"base"`
	// Experiment is the document as it was run, with what flags changed.
	Experiment json.RawMessage `json:"experiment"`
	// SHA256 is the digest of Experiment, in hex.
	SHA256 string `json:"sha256"`
	Source string `json:"source,omitempty"`
	// GameDay is the name of that which the run is part of; empty for none.
	GameDay     string      `json:"gameDay,omitempty"`
	Seed        int64       `json:"seed"`
	Cluster     Cluster     `json:"cluster"`
	Environment Environment `json:"environment"`
}

// Cluster says which cluster a run was against.
type Cluster struct {
	Version string `json:"version"`
	// UID is that of the namespace kube-system, which lives as long as its cluster.
	UID     string `json:"uid"`
	Context string `json:"context,omitempty"`
	Nodes   int    `json:"nodes,omitempty"`
}

// Environment says what measured.
type Environment struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Host     string `json:"host,omitempty"`
	CPUs     int    `json:"cpus"`
	// Command repeats the run.
	Command string `json:"command,omitempty"`
}

// Planned is the plan that was shown before the run.
type Planned struct {
	// TargetPods is the number of pods that the workload asks for; ReadyPods how many were ready.
	TargetPods int             `json:"targetPods"`
	ReadyPods  int             `json:"readyPods"`
	Changes    []PlannedChange `json:"changes"`
}

// PlannedChange is one change of the plan, in words.
type PlannedChange struct {
	ID     string `json:"id"`
	Fault  string `json:"fault"`
	Object Object `json:"object"`
	// Verb is what is done: delete, evict, patch.
	Verb string `json:"verb"`
	// What is the change in words; Undo is how it is taken back, or why it cannot be.
	What       string `json:"what"`
	Undo       string `json:"undo"`
	Reversible bool   `json:"reversible"`
	// At is the offset from the start of the fault window.
	At Instant `json:"at"`
}

// Object names something in the cluster.
type Object struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	UID       string `json:"uid,omitempty"`
	// Node is where a pod runs; Owner is its controller as kind/name.
	Node  string `json:"node,omitempty"`
	Owner string `json:"owner,omitempty"`
}

// StreamStarted says that a stream of requests began, and where to.
type StreamStarted struct {
	// ID is the number of the stream in the sample file.
	ID          int    `json:"id"`
	Name        string `json:"name"`
	Connections string `json:"connections"`
	Method      string `json:"method"`
	URL         string `json:"url"`
	// Via says how the Service was reached: url, load balancer, node port or cluster IP.
	Via string `json:"via"`
	// Service is the Service's name; empty where the stream goes to a URL.
	Service string `json:"service,omitempty"`
	// Rate is what the stream asks for, in requests per second; where that changes over time, the most of it, and Profile
	// says in words how it changes.
	Rate    float64 `json:"rate"`
	Profile string  `json:"profile,omitempty"`
	Timeout float64 `json:"timeout"`
}

// StreamEnded says that a stream was stopped and all of its samples were written.
type StreamEnded struct {
	ID int `json:"id"`
	// Starved says that requests could not be sent when they were due, because too many were in flight.
	Starved bool `json:"starved,omitempty"`
	// Unexpected says what the first of the answers lacked that were not what is expected of them.
	Unexpected string `json:"unexpected,omitempty"`
	// Shared says that answers on one connection came from several pods, so that a connection is nobody's.
	Shared bool `json:"shared,omitempty"`
}

// Phase is a window of a run.
type Phase string

// The phases, in order.
const (
	Steady   Phase = "steady"
	Fault    Phase = "fault"
	Recovery Phase = "recovery"
)

// PhaseStarted opens a window.
type PhaseStarted struct {
	Phase Phase `json:"phase"`
}

// PhaseEnded closes a window.
type PhaseEnded struct {
	Phase Phase `json:"phase"`
	// Reason is empty where the phase ran to its end.
	Reason string `json:"reason,omitempty"`
	// Complete says of the recovery that the workload came back and stayed; Converged is the instant from which on it did.
	Complete  bool    `json:"complete,omitempty"`
	Converged Instant `json:"converged,omitempty"`
}

// ChangeState is a step in the life of a change.
type ChangeState string

// The states. A change that cannot be undone ends at proved or unproved.
const (
	ChangeIntended ChangeState = "intended" // recorded; nothing is sent yet
	ChangeSent     ChangeState = "sent"     // the request left: t0
	ChangeBlocked  ChangeState = "blocked"  // the server refused for now (a budget); it is tried again
	ChangeApplied  ChangeState = "applied"  // the server acknowledged: t0'
	ChangeFailed   ChangeState = "failed"   // the server refused for good, or time ran out
	ChangeSkipped  ChangeState = "skipped"  // there was nothing to do: already so, or the object was gone
	ChangeProved   ChangeState = "proved"   // the effect was observed
	ChangeUnproved ChangeState = "unproved" // the effect was not observed in time
	ChangeUndone   ChangeState = "undone"   // the prior state is back, or the object is gone
	ChangeDiverged ChangeState = "diverged" // somebody else changed it meanwhile: theirs was kept
	ChangeStuck    ChangeState = "stuck"    // the undo did not succeed: something is left behind
)

// ChangeUpdated records a step of a change.
type ChangeUpdated struct {
	ID     string      `json:"id"`
	Fault  string      `json:"fault"`
	Object Object      `json:"object"`
	Verb   string      `json:"verb"`
	State  ChangeState `json:"state"`
	// Message explains: which budget blocks, what was observed, what diverged, which command is left to run.
	Message string `json:"message,omitempty"`
	// Config is what becomes of a ConfigMap or a Secret, with the first of the states; absent for a change of anything else.
	Config *ConfigChange `json:"config,omitempty"`
}

// ConfigChange is what a change makes of a ConfigMap or a Secret, as far as it may be told.
type ConfigChange struct {
	Keys []ConfigKey `json:"keys"`
	// More is how many keys are changed beside those.
	More int `json:"more,omitempty"`
}

// ConfigKey is what a change makes of one key.
type ConfigKey struct {
	// Key is its path in the object: data.mode, data[settings.json].
	Key string `json:"key"`
	// Before and After are the sizes of its value in bytes; absent where there is no such key.
	Before *int `json:"before,omitempty"`
	After  *int `json:"after,omitempty"`
	// Withheld says why no more than that is told; empty where there are lines.
	Withheld string `json:"withheld,omitempty"`
	// Lines are those of a unified diff: as it was after a space, removed after -, added after +, and after @ where the next stand.
	Lines []string `json:"lines,omitempty"`
	// Cut is how many lines are left out after those.
	Cut int `json:"cut,omitempty"`
}

// PodObserved is the state of a pod of the target's namespace, each time that a watch shows a difference in it.
type PodObserved struct {
	UID       string `json:"uid"`
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Node      string `json:"node,omitempty"`
	// OwnerUID is the controller's; OwnerKind and Owner name it.
	OwnerUID  string `json:"ownerUID,omitempty"`
	OwnerKind string `json:"ownerKind,omitempty"`
	Owner     string `json:"owner,omitempty"`
	// Target says that the pod belongs to the workload under test.
	Target bool `json:"target,omitempty"`
	// The steps of its life; each is true from the moment it was first seen so.
	Scheduled   bool `json:"scheduled,omitempty"`
	Prepared    bool `json:"prepared,omitempty"` // sandbox and network are up (condition PodReadyToStartContainers)
	Running     bool `json:"running,omitempty"`  // all containers run
	Ready       bool `json:"ready,omitempty"`
	Terminating bool `json:"terminating,omitempty"`
	Gone        bool `json:"gone,omitempty"`
	// Left says that it ceased to be one of the target's while it was not on its way out: somebody has changed its labels, and
	// it lives on; or it was removed at once, which a later state tells by Gone. It may come back.
	Left     bool `json:"left,omitempty"`
	Restarts int  `json:"restarts,omitempty"`
	// Reason is a waiting or failed container's: CrashLoopBackOff, ErrImagePull.
	Reason string `json:"reason,omitempty"`
	// Initial says that the pod was there when the watch began.
	Initial bool `json:"initial,omitempty"`
	// Addresses are the pod's own, separated by commas; empty where it has none yet, or has those of its node.
	Addresses string `json:"addresses,omitempty"`
}

// EndpointObserved is the state of a pod as an endpoint of a Service.
type EndpointObserved struct {
	Service     string `json:"service"`
	PodUID      string `json:"podUID"`
	Pod         string `json:"pod"`
	Ready       bool   `json:"ready,omitempty"`
	Serving     bool   `json:"serving,omitempty"`
	Terminating bool   `json:"terminating,omitempty"`
	Removed     bool   `json:"removed,omitempty"`
	Initial     bool   `json:"initial,omitempty"`
}

// TargetConfigured is what of the target's configuration decides about failed requests, as it was before the first fault. There
// is none for a target that is a selector.
type TargetConfigured struct {
	Replicas int `json:"replicas"`
	// GracePeriod is what containers get to stop, in seconds.
	GracePeriod float64               `json:"gracePeriod"`
	Containers  []ContainerConfigured `json:"containers"`
	// PublishesNotReady names the Services under load that send requests to pods that are not ready.
	PublishesNotReady []string `json:"publishesNotReady,omitempty"`
	// Budgets names the PodDisruptionBudgets that cover evictions of the plan; BudgetsRead says that they could be read, which is
	// tried only for a plan that evicts.
	Budgets     []string `json:"budgets,omitempty"`
	BudgetsRead bool     `json:"budgetsRead,omitempty"`
}

// ContainerConfigured is a container of the pod template.
type ContainerConfigured struct {
	Name string `json:"name"`
	// Readiness says that it has a readiness probe.
	Readiness bool `json:"readiness,omitempty"`
	// PreStop says that it has a preStop hook, and PreStopSleep for how many seconds it sleeps; 0 where it does something else.
	PreStop      bool    `json:"preStop,omitempty"`
	PreStopSleep float64 `json:"preStopSleep,omitempty"`
}

// WorkloadObserved is the state of a controller: a Deployment or ReplicaSet, say.
type WorkloadObserved struct {
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	UID       string `json:"uid"`
	Desired   int    `json:"desired"`
	Current   int    `json:"current"`
	Updated   int    `json:"updated"`
	Ready     int    `json:"ready"`
	Available int    `json:"available"`
	// Settled says that the controller has seen the newest specification, which Generation counts.
	Settled    bool  `json:"settled,omitempty"`
	Generation int64 `json:"generation,omitempty"`
	// Target says that this is the workload under test.
	Target bool `json:"target,omitempty"`
	// Revision is another one when another pod template is rolled out; empty for kinds that have no rollouts.
	Revision string `json:"revision,omitempty"`
	// Halted is why the controller says that its rollout makes no progress; only Deployments tell.
	Halted string `json:"halted,omitempty"`
}

// ScalerObserved is the state of a HorizontalPodAutoscaler of the target.
type ScalerObserved struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
	// Min and Max are its bounds, Current what it saw last, and Desired what it decided.
	Min     int `json:"min"`
	Max     int `json:"max"`
	Current int `json:"current"`
	Desired int `json:"desired"`
	// Limited is the reason for which it does not go where its metrics point, and Inactive that for which it does not scale at
	// all, as its conditions name them: TooManyReplicas, FailedGetResourceMetric.
	Limited  string `json:"limited,omitempty"`
	Inactive string `json:"inactive,omitempty"`
	Gone     bool   `json:"gone,omitempty"`
}

// Happened is an Event of Kubernetes about the target, one of its pods or what scales it, each time that it is told.
type Happened struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	UID  string `json:"uid,omitempty"`
	// Warning says that it is not a normal one.
	Warning bool   `json:"warning,omitempty"`
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
	// Count is how often it has happened by now.
	Count int `json:"count,omitempty"`
}

// NodeObserved is the state of a node.
type NodeObserved struct {
	Name          string `json:"name"`
	UID           string `json:"uid"`
	Zone          string `json:"zone,omitempty"`
	Ready         bool   `json:"ready"`
	Unschedulable bool   `json:"unschedulable,omitempty"`
	Gone          bool   `json:"gone,omitempty"`
}

// WatchMeasured says how late watches show what happens, from so many writes to an object of the run's own: the times from the
// sending of a write to the instant at which it was seen, in seconds.
type WatchMeasured struct {
	Writes int     `json:"writes"`
	Median float64 `json:"median"`
	Max    float64 `json:"max"`
}

// WatchInterrupted says that events may have been missed from At on: what spans it is censored.
type WatchInterrupted struct {
	Resource string `json:"resource"`
	Reason   string `json:"reason"`
}

// WatchResumed says that the watch is back which was interrupted.
type WatchResumed struct {
	Resource string `json:"resource"`
	// Missed says that what happened in between is lost, and not only seen late.
	Missed bool `json:"missed,omitempty"`
}

// ProbeChecked is one check of a probe.
type ProbeChecked struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Unknown says that nothing could be measured: neither success nor failure.
	Unknown bool   `json:"unknown,omitempty"`
	Message string `json:"message,omitempty"`
	// Seconds is how long the check took.
	Seconds float64 `json:"seconds"`
	// Moment says of a check that must hold when it was made; empty where the check is left to expectations.
	Moment Moment `json:"moment,omitempty"`
}

// Moment says when the target was looked at, or a probe that must hold then.
type Moment string

// The moments.
const (
	Before Moment = "before" // the first fault
	After  Moment = "after"  // the recovery
)

// TargetRead holds what conditions of the experiment look at.
type TargetRead struct {
	Moment Moment `json:"moment"`
	// Objects holds, by the name that conditions have for them, the parts of objects that they look at. Of Secrets and of
	// values of environment variables there are none.
	Objects json.RawMessage `json:"objects"`
	// Unread says of objects why they could not be read. One that does not exist is in neither.
	Unread map[string]string `json:"unread,omitempty"`
}

// ValuesRead holds what a query gave that an expectation asks.
type ValuesRead struct {
	// Of tells the query from those of other expectations.
	Of string `json:"of"`
	// Values are those of the instants at which there was one, in order; Asked is how many instants were asked for.
	Values []Value `json:"values"`
	Asked  int     `json:"asked"`
	// Unknown is why there is none.
	Unknown string `json:"unknown,omitempty"`
}

// Value is a number at an instant.
type Value struct {
	At Instant `json:"t"`
	// Number is text, since JSON has no infinity.
	Number string `json:"number"`
}

// DeclaredCompared says in what the declarations of the target, and of what acts on it, differ from those before the first
// fault: when they were first compared, each time that this has changed, and when they were last compared.
type DeclaredCompared struct {
	// Objects counts those that were there before.
	Objects int `json:"objects"`
	// Differences are the first of them, and More is how many there are beyond.
	Differences []Difference `json:"differences"`
	More        int          `json:"more,omitempty"`
	// Moved names objects that somebody has written since the last comparison, though they are what they were.
	Moved []string `json:"moved,omitempty"`
	// Unread is why nothing could be compared.
	Unread string `json:"unread,omitempty"`
	// Every is the time between two comparisons, in seconds.
	Every float64 `json:"every"`
	// Last says that no other comparison follows.
	Last bool `json:"last,omitempty"`
}

// Difference is a field that is not as it was before.
type Difference struct {
	// Object is kind/name.
	Object string `json:"object"`
	// Field is its path; empty where the object as a whole is meant.
	Field string `json:"field,omitempty"`
	// What became of it, in words: is 2, was 3. Values that may be secret are left out.
	What string `json:"what"`
}

// String names the field and what became of it.
func (d Difference) String() string {
	if d.Field == "" {
		return d.Object + " " + d.What
	}
	return d.Object + ": " + d.Field + " " + d.What
}

// Noted is a remark for people: progress, a warning.
type Noted struct {
	Level   string `json:"level"` // info or warning
	Message string `json:"message"`
}

// RunEnded closes a log. A log without it is that of a run that was killed.
type RunEnded struct {
	// Outcome is empty for a run that went to its end, else one of those below.
	Outcome string `json:"outcome,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// Condition is the path of the abort condition that came true, such as abortIf[0]; empty where none did.
	Condition string `json:"condition,omitempty"`
}

// The outcomes of a run that did not go to its end.
const (
	Aborted     = "aborted"
	Interrupted = "interrupted"
	NotSteady   = "not steady" // the system was not well before any fault
	Failed      = "error"
)

// AbortPath is the path of an abort condition in spec, by its index.
func AbortPath(index int) string { return fmt.Sprintf("abortIf[%d]", index) }

// Unknown stands for an event of a type that this version does not know.
type Unknown struct{ Name string }

// Type names the payload in the log.
func (RunStarted) Type() string       { return "run.started" }
func (Planned) Type() string          { return "plan" }
func (StreamStarted) Type() string    { return "stream.started" }
func (StreamEnded) Type() string      { return "stream.ended" }
func (PhaseStarted) Type() string     { return "phase.started" }
func (PhaseEnded) Type() string       { return "phase.ended" }
func (ChangeUpdated) Type() string    { return "change" }
func (PodObserved) Type() string      { return "pod" }
func (EndpointObserved) Type() string { return "endpoint" }
func (WorkloadObserved) Type() string { return "workload" }
func (ScalerObserved) Type() string   { return "scaler" }
func (Happened) Type() string         { return "happened" }
func (NodeObserved) Type() string     { return "node" }
func (WatchMeasured) Type() string    { return "watch.measured" }
func (WatchInterrupted) Type() string { return "watch.interrupted" }
func (WatchResumed) Type() string     { return "watch.resumed" }
func (ProbeChecked) Type() string     { return "probe" }
func (TargetConfigured) Type() string { return "target.configured" }
func (TargetRead) Type() string       { return "target" }
func (ValuesRead) Type() string       { return "values" }
func (DeclaredCompared) Type() string { return "declared" }
func (Noted) Type() string            { return "note" }
func (RunEnded) Type() string         { return "run.ended" }
func (u Unknown) Type() string        { return u.Name }
