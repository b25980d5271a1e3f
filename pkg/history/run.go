package history

import (
	"time"

	"github.com/chaosctl/chaosctl/pkg/compare"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// Run is a run as the index holds it. Absent figures were not measured.
type Run struct {
	// Dir is the name of its directory, below that of all runs.
	Dir        string `json:"dir"`
	RunID      string `json:"runID"`
	Experiment string `json:"experiment"`
	Promise    string `json:"promise"`
	// Target is the workload under test as namespace/kind/name.
	Target string `json:"target"`
	// GameDay is the name of that which the run was part of; empty for none.
	GameDay string `json:"gameDay,omitempty"`
	// Source is the file that the experiment was read from, or builtin:NAME; SHA256 is the digest of the experiment.
	Source    string           `json:"source,omitempty"`
	SHA256    string           `json:"sha256"`
	Seed      int64            `json:"seed"`
	Verdict   report.Verdict   `json:"verdict"`
	ExitCode  int              `json:"exitCode"`
	Undo      report.UndoState `json:"undo"`
	StartedAt time.Time        `json:"startedAt"`
	EndedAt   time.Time        `json:"endedAt,omitzero"`
	// Cluster is the UID of the cluster, Kubernetes its version, and Version that of chaosctl.
	Cluster    string `json:"cluster,omitempty"`
	Kubernetes string `json:"kubernetes,omitempty"`
	Version    string `json:"version,omitempty"`
	// Why is the outcome in a sentence.
	Why string `json:"why"`
	// LeftOut says why the figures of the run say nothing of its fault; empty where they do.
	LeftOut string   `json:"leftOut,omitempty"`
	Figures []Figure `json:"figures"`
}

// Metric is a figure of a run that is kept.
type Metric string

// The metrics. Availability gets worse by falling, and the others by growing.
const (
	// Availability is the share of requests of a stream that succeeded.
	Availability Metric = "availability"
	// Outage is the longest span of a stream in which no request succeeded, in seconds; 0 for none.
	Outage Metric = "outage"
	// Recovery is the time of the slowest recovery of a run, in seconds.
	Recovery Metric = "recovery"
	// Phase is a part of that recovery, in seconds.
	Phase Metric = "phase"
)

// Figure is what a run measured.
type Figure struct {
	Metric Metric `json:"metric"`
	// Of is the stream, or the phase; empty for what is the run's as a whole.
	Of    string  `json:"of,omitempty"`
	Value float64 `json:"value"`
	// AtLeast says that the truth may be greater: a recovery, or an outage, that was not seen to end.
	AtLeast bool `json:"atLeast,omitempty"`
}

// runOf is what the index keeps of a result, whose directory is dir.
func runOf(r *report.Result, dir string) Run {
	return Run{
		Dir: dir, RunID: r.RunID, Experiment: r.Experiment.Name, Promise: r.Experiment.Promise, Target: r.Experiment.Target, GameDay: r.GameDay,
		Source: r.Experiment.Source, SHA256: r.Experiment.SHA256, Seed: r.Seed, Verdict: r.Verdict, ExitCode: r.ExitCode, Undo: r.Undo,
		StartedAt: r.StartedAt, EndedAt: r.EndedAt, Cluster: r.Cluster.UID, Kubernetes: r.Cluster.Version, Version: r.Environment.Version,
		Why: report.Headline(r), LeftOut: compare.Unusable(r), Figures: figuresOf(r),
	}
}

// figuresOf are those of a result. What a starved generator measured says little of the service, and is left out.
func figuresOf(r *report.Result) []Figure {
	all := []Figure{}
	for i := range r.Streams {
		s := &r.Streams[i]
		if s.Starved || s.Requests == 0 {
			continue
		}
		longest := Figure{Metric: Outage, Of: s.Label()}
		for _, o := range s.Outages {
			longest.Value, longest.AtLeast = max(longest.Value, o.Duration), longest.AtLeast || o.Open
		}
		all = append(all, Figure{Metric: Availability, Of: s.Label(), Value: 1 - float64(s.Failures)/float64(s.Requests)}, longest)
	}
	return append(all, slowest(r.Recoveries)...)
}

// slowest are the time of the slowest recovery, and its phases, which sum to it. Where one was not seen to end, the slowest
// took at least as long as was seen of any.
func slowest(all []report.RecoveryResult) []Figure {
	if len(all) == 0 {
		return nil
	}
	whole := Figure{Metric: Recovery, Value: -1}
	var of *report.RecoveryResult
	for i := range all {
		took := all[i].Reached
		if all[i].Total != nil {
			took = *all[i].Total
		}
		if took > whole.Value {
			whole.Value, of = took, &all[i]
		}
		whole.AtLeast = whole.AtLeast || all[i].Censored || all[i].Total == nil
	}
	figures := []Figure{whole}
	p := of.Phases
	for i, took := range []*float64{p.Detect, p.Create, p.Schedule, p.Prepare, p.Start, p.Ready, p.Publish, p.Serve, p.Stabilise} {
		if took != nil {
			figures = append(figures, Figure{Metric: Phase, Of: Phases()[i], Value: *took})
		}
	}
	return figures
}

// Phases are the names of the parts of a recovery, in order.
func Phases() []string {
	return []string{"detect", "create", "schedule", "prepare", "start", "ready", "publish", "serve", "stabilise"}
}

// Worst is the worst figure of a metric over the streams of a run.
func (r *Run) Worst(m Metric) (worst Figure, ok bool) {
	for _, f := range r.Figures {
		if f.Metric != m {
			continue
		}
		if !ok || f.worseThan(worst) {
			worst, ok = f, true
		}
	}
	return worst, ok
}

func (f Figure) worseThan(other Figure) bool {
	if f.Metric == Availability {
		return f.Value < other.Value
	}
	return f.Value > other.Value || f.Value == other.Value && f.AtLeast
}
