package experiment

import (
	"cmp"

	"k8s.io/apimachinery/pkg/labels"
)

// APIVersion is the only version of the language so far.
const APIVersion = "chaosctl.dev/v1alpha1"

// The kinds of document that a file can hold.
const (
	KindExperiment = "Experiment"
	KindGameDay    = "GameDay"
)

// Experiment is one document of kind Experiment: what is broken, under which load, and what must hold.
type Experiment struct {
	// APIVersion is the version of the language.
	APIVersion string `json:"apiVersion"`
	// Kind is what the document holds.
	Kind     string   `json:"kind"`
	Metadata Metadata `json:"metadata"`
	Spec     Spec     `json:"spec"`
}

// Metadata names a document.
type Metadata struct {
	// Name is a DNS label; it names the run's directory and the report.
	Name string `json:"name" form:"dns-label"`
	// Description says in prose what is tested: of an experiment, what should hold.
	Description string `json:"description,omitempty"`
	// About says why that matters, and what to do where it does not hold.
	About About `json:"about,omitzero"`
}

// About is what a reader of a document wants to know beyond what it does.
type About struct {
	// Why says why it matters.
	Why string `json:"why,omitempty"`
	// Breaks says what usually does, where it does not hold.
	Breaks string `json:"breaks,omitempty"`
	// Mend says how to mend that.
	Mend string `json:"mend,omitempty"`
}

// Promise is what Kubernetes promises to a workload and an experiment tests.
type Promise string

// The five promises.
const (
	SelfHealing   Promise = "self-healing"
	Scaling       Promise = "scaling"
	Rollout       Promise = "rollout"
	LoadBalancing Promise = "load-balancing"
	Configuration Promise = "configuration"
)

// Promises lists the five in the order in which reports show them.
func Promises() []Promise {
	return []Promise{SelfHealing, Scaling, Rollout, LoadBalancing, Configuration}
}

// Values lists the promises for the loader.
func (Promise) Values() []string {
	var values []string
	for _, promise := range Promises() {
		values = append(values, string(promise))
	}
	return values
}

// Spec is what an experiment does and what it expects.
type Spec struct {
	Promise Promise `json:"promise"`
	// Target is the workload under test: the default subject of faults, probes and recovery.
	Target Target `json:"target"`
	// Seed makes every random choice reproducible; without one, a seed is drawn, printed and stored in the result.
	Seed *int64 `json:"seed,omitempty"`
	// Load is what clients do meanwhile: streams of requests, whose fate is what most expectations are about.
	Load []Load `json:"load,omitempty"`
	// Probes are conditions that are checked at an interval during the whole run, or at its start and its end.
	Probes []Probe `json:"probes,omitempty"`
	Steady Steady  `json:"steady" default:"{}"`
	// Faults are what is done to the workload and its surroundings, and when.
	Faults []Fault `json:"faults"`
	// Duration is the length of the fault window. Without it the window ends with the last fault, and lasts 10 s at the least.
	Duration *Duration `json:"duration,omitempty" form:"positive"`
	Recovery Recovery  `json:"recovery" default:"{}"`
	// Expect is what must hold for the run to pass.
	Expect []Expectation `json:"expect"`
	// AbortIf are conditions under which the run is broken off and everything put back.
	AbortIf []AbortCondition `json:"abortIf,omitempty"`
	Guard   Guard            `json:"guard,omitzero"`
	// Journal says where the run keeps, in the cluster, what is needed to put everything back if it is killed.
	Journal Journal `json:"journal,omitzero"`
}

// Journal is the Secret in which a run records what it is about to change.
type Journal struct {
	// Namespace is that of the Secret; the target's unless told otherwise.
	Namespace string `json:"namespace,omitempty" form:"dns-label"`
}

// JournalNamespace is where the run's journal is kept.
func (s *Spec) JournalNamespace() string { return cmp.Or(s.Journal.Namespace, s.Target.Namespace) }

// Target selects the workload under test: a workload by name, or pods by labels.
type Target struct {
	// Namespace is that of the workload.
	Namespace string `json:"namespace" form:"dns-label"`
	// Workload is kind/name: deployment/web, statefulset/db, daemonset/agent, replicaset/old or job/batch.
	Workload string `json:"workload,omitempty" form:"workload" choice:"pods"`
	// Selector is a set of labels that all must match; it stands in place of workload.
	Selector map[string]string `json:"selector,omitempty" form:"label-value" choice:"pods"`
}

// String is the target as people write it: namespace/kind/name.
func (t Target) String() string {
	if t.Workload != "" {
		return t.Namespace + "/" + t.Workload
	}
	return t.Namespace + "/" + labels.FormatLabels(t.Selector)
}

// Steady is the baseline window before the first fault.
type Steady struct {
	// For is the window's length; 5s unless told otherwise.
	For Duration `json:"for" default:"5s"`
}

// Recovery says how long the workload may take to come back, and when it counts as back.
type Recovery struct {
	// Timeout ends the wait; 2m unless told otherwise.
	Timeout Duration `json:"timeout" default:"2m" form:"positive"`
	// StableFor is how long the workload must stay converged; 3s unless told otherwise.
	StableFor Duration `json:"stableFor" default:"3s"`
}

// Guard limits the blast radius. A run that would exceed it is refused before anything changes.
type Guard struct {
	// MaxAffected is the greatest share of the target's pods that may be unavailable at once when pods are taken away, with
	// those that are unavailable already; 50% unless told otherwise.
	MaxAffected *Percent `json:"maxAffected,omitempty"`
	// MinReady is the least number of ready pods of the target that an injection must leave; 1 unless told otherwise.
	MinReady *int `json:"minReady,omitempty" form:"zero-or-more"`
	// AllowProtected opens the namespaces that are closed by default (kube-system and friends).
	AllowProtected bool `json:"allowProtected,omitempty"`
	// MaxAffectedOfNamespace is the same share of the pods of the target's namespace; 50%, or maxAffected where that is
	// more, unless told otherwise.
	MaxAffectedOfNamespace *Percent `json:"maxAffectedOfNamespace,omitempty"`
	// MaxDuration is the longest that a run may take, the patience of its recovery included; 1h unless told otherwise.
	MaxDuration Duration `json:"maxDuration" default:"1h"`
	// AllowControlPlane lets nodes of the control plane be drained where they are named, and Leases of protected namespaces be
	// taken, by which the control plane elects its leaders.
	AllowControlPlane bool `json:"allowControlPlane,omitempty"`
	// Cluster pins the experiment to a cluster: the name of a kubeconfig context, or the UID of its kube-system namespace.
	Cluster string `json:"cluster,omitempty"`
}
