package report

import (
	"fmt"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/timeline"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// readExperiment reads the experiment back from the log.
func readExperiment(loader experiment.Loader, start event.RunStarted) (*experiment.Experiment, error) {
	file, err := loader.Load("the experiment in the log", strings.NewReader(string(start.Experiment)))
	if err != nil {
		return nil, err
	}
	return file.Experiment()
}

// facts gathers what the expectations are judged by.
func (r *record) facts(q *requests, recoveries []timeline.Recovery) *verdict.Facts {
	f := &verdict.Facts{
		Windows: r.windows(), Loads: map[string]*verdict.Load{}, Recoveries: recoveries, Ready: r.pods.counts, Lapses: r.pods.lapses, PodsMissed: r.pods.missed || r.pods.cut,
		Injected: r.changes.injected(), Restored: r.changes.restored(), Cut: r.ended == nil || r.ended.Outcome != "",
		DidConverge: r.recovered, Converged: r.converged, Snapshots: r.snapshots,
		Workload: r.workload.all, WorkloadMissed: r.workload.missed || r.workload.cut,
		Values: r.values, Declared: r.declared, StableFor: r.experiment.Spec.Recovery.StableFor.Std(),
		WatchDelay: r.watchDelay(), Probes: r.probes.records,
	}
	for _, s := range r.streams {
		l := f.Loads[s.Name]
		if l == nil {
			l = &verdict.Load{Requests: map[verdict.Window]verdict.Requests{}}
			f.Loads[s.Name] = l
			for name := range f.Windows {
				stats := q.tally.Pool(s.Name).Window(string(name))
				l.Requests[name] = verdict.Requests{Total: stats.Requests, Failures: stats.Failures, Latency: stats.Response}
			}
		}
		l.Starved = l.Starved || r.starved[s.ID]
		l.Spacing = max(l.Spacing, r.spacing(s))
		for _, o := range q.tally.Stream(s.ID).Outages().List {
			l.Outages = append(l.Outages, verdict.Outage{
				Span: verdict.Span{Start: o.Start, End: o.End}, Connections: s.Connections, Failures: o.Failures, Resolution: o.Resolution, Open: o.Open,
			})
		}
	}
	for _, b := range q.balances {
		if l := f.Loads[b.load]; l != nil {
			if l.Shares == nil {
				l.Shares = map[verdict.Window]verdict.Shares{}
			}
			l.Shares[b.window] = b.result()
		}
	}
	return f
}

// model puts everything together.
func (r *record) model(q *requests, f *verdict.Facts) *Model {
	e := r.experiment
	m := &Model{End: r.end, Plan: r.planned, Spans: r.spans, Marks: r.changes.marks, Pods: r.pods.lanes(r.end), Notes: r.notes, Counts: r.around.lanes(), Happened: r.around.happened, ProbeLanes: r.probes.lanes(&e.Spec), Configs: r.changes.configs(), Shares: phaseShares(q.shares)}
	m.Result = Result{
		APIVersion: ResultVersion, Kind: "Result", RunID: r.start.RunID,
		Experiment: ExperimentRef{
			Name: e.Metadata.Name, Promise: string(e.Spec.Promise), SHA256: r.start.SHA256, Source: r.start.Source, Target: e.Spec.Target.String(), Description: e.Metadata.Description,
		},
		GameDay: r.start.GameDay, Seed: r.start.Seed, Cluster: r.start.Cluster, StartedAt: r.start.Base.UTC(), EndedAt: wallTime(r.start.Base, r.end),
		Changes: r.changes.results(r.start.Base), Undo: r.changes.undo(), Expectations: []ExpectationResult{}, Streams: []StreamResult{},
		Probes: r.probes.results(&e.Spec), Recoveries: []RecoveryResult{}, WatchDelay: r.watches, Environment: r.start.Environment,
	}
	m.Windows = r.wallWindows()
	for _, s := range r.streams {
		result, series := r.stream(s, q.tally.Stream(s.ID))
		m.Streams, m.Series = append(m.Streams, result), append(m.Series, series)
	}
	for i := range f.Recoveries {
		m.Recoveries = append(m.Recoveries, r.recovery(&f.Recoveries[i]))
	}
	m.AbortIf = r.aborts(f)
	r.conclude(m, q, m.judge(&e.Spec, f))
	found := q.failures.Result()
	m.Attribution = r.attributed(&found)
	m.Explanation = r.explain(m, found)
	if text, err := yaml.JSONToYAML(r.start.Experiment); err == nil {
		m.ExperimentYAML = string(text)
	}
	return m
}

// judge adds the judgements of the expectations, and of the probes that must hold by themselves.
func (m *Model) judge(spec *experiment.Spec, f *verdict.Facts) []verdict.Judgement {
	var judgements []verdict.Judgement
	add := func(kind string, j verdict.Judgement) {
		judgements = append(judgements, j)
		m.Expectations = append(m.Expectations, ExpectationResult{
			Name: j.Name, Kind: kind, Verdict: Verdict(j.Outcome), Observed: j.Observed, Bound: j.Bound, Resolution: j.Resolution,
			Window: string(j.Window), Why: j.Why,
		})
	}
	for _, x := range spec.Expect {
		if expectation, ok := x.Params.(verdict.Expectation); ok {
			add(x.Kind, expectation.Judge(f))
		}
	}
	for _, j := range verdict.Asserted(spec.Probes, f) {
		add("probe", j)
	}
	return judgements
}

// aborts says of each abort condition whether it came true.
func (r *record) aborts(f *verdict.Facts) []AbortResult {
	var all []AbortResult
	for i, a := range r.experiment.Spec.AbortIf {
		condition, ok := a.Params.(verdict.AbortCondition)
		if !ok {
			continue
		}
		result := AbortResult{Name: condition.Name(), Kind: a.Kind, Verdict: Unknown}
		watched, what, of := condition.Watched(f)
		switch {
		case r.ended != nil && r.ended.Condition == event.AbortPath(i):
			result.Verdict, result.Why = Fail, r.ended.Reason
		case watched == 0:
			result.Why = "no " + what + " of " + of + " was watched"
		case r.ended == nil:
			result.Why = "the record ends in the middle of the run"
		default:
			result.Verdict, result.Why = Pass, "it did not come true in "+plural(watched, what)
		}
		all = append(all, result)
	}
	return all
}

func (r *record) wallWindows() (w Windows) {
	for _, s := range r.spans {
		window := &Window{Start: wallTime(r.start.Base, s.Start), End: wallTime(r.start.Base, s.End)}
		switch s.Phase {
		case event.Steady:
			w.Steady = window
		case event.Fault:
			w.Fault = window
		case event.Recovery:
			w.Recovery = window
		}
	}
	return w
}

func (r *record) stream(s event.StreamStarted, series *load.Series) (StreamResult, StreamSeries) {
	stats := series.Window(string(verdict.Run))
	if stats == nil {
		stats = &load.Stats{}
	}
	result := StreamResult{
		Name: s.Name, Connections: s.Connections, URL: s.URL, Via: s.Via, Profile: s.Profile, Asked: r.asked(s, stats), Achieved: stats.Rate(),
		Spacing: r.spacing(s).Seconds(), Starved: r.starved[s.ID],
		Requests: stats.Requests, Failures: stats.Failures, Outages: []OutageResult{}, FailuresByCause: map[string]uint64{}, Unexpected: r.unexpected[s.ID],
	}
	for cause, n := range stats.ByCause {
		result.FailuresByCause[string(cause)] = n
	}
	if stats.Requests > 0 {
		share := stats.Availability().Value()
		low, high := stats.Availability().Interval(0.95)
		result.Availability, result.Interval95 = &share, &[2]float64{low, high}
	}
	if stats.Requests > stats.Failures {
		at := func(q float64) float64 { return time.Duration(stats.Response.ValueAtQuantile(q)).Seconds() }
		result.Latency = &Latency{P50: at(50), P90: at(90), P99: at(99), P999: at(99.9), Max: time.Duration(stats.Response.Max()).Seconds()}
	}
	width, buckets := series.Buckets()
	drawn := StreamSeries{Name: s.Name, Connections: s.Connections, Width: width.Seconds()}
	for _, b := range buckets {
		drawn.Buckets = append(drawn.Buckets, Bucket{Start: b.Start, Requests: b.Requests, Failures: b.Failures, P50: b.P50.Seconds(), P99: b.P99.Seconds()})
	}
	for _, o := range series.Outages().List {
		result.Outages = append(result.Outages, OutageResult{
			Start: wallTime(r.start.Base, o.Start), Duration: o.Duration().Seconds(), Resolution: o.Resolution.Seconds(), Failures: o.Failures, Open: o.Open,
		})
		drawn.Outages = append(drawn.Outages, OutageSpan{Start: o.Start, End: o.End})
	}
	return result, drawn
}

// spacing is the longest time between two requests that a stream had to send.
func (r *record) spacing(s event.StreamStarted) time.Duration {
	return r.profile(s).Spacing(r.end.Sub(r.began[s.ID]))
}

// asked is the mean of the rate that a stream had to offer between the first and the last of its requests, per second.
func (r *record) asked(s event.StreamStarted, stats *load.Stats) float64 {
	length := stats.Last.Sub(stats.First)
	if s.Profile == "" || length <= 0 {
		return s.Rate
	}
	profile, began := r.profile(s), r.began[s.ID]
	return (profile.Requests(stats.Last.Sub(began)) - profile.Requests(stats.First.Sub(began))) / length.Seconds()
}

func (r *record) recovery(rec *timeline.Recovery) RecoveryResult {
	result := RecoveryResult{
		Victim:   PodRef{Name: rec.Victim.Name, UID: rec.Victim.UID, Node: rec.Victim.Node},
		Censored: rec.Censored || !rec.Complete(), Reached: rec.Total().Seconds(), Inferred: rec.Inferred, FaultAt: wallTime(r.start.Base, rec.At[timeline.Injected]),
	}
	if rec.Replacement != nil {
		result.Replacement = &PodRef{Name: rec.Replacement.Name, UID: rec.Replacement.UID, Node: rec.Replacement.Node}
	}
	if rec.Complete() {
		total := rec.Total().Seconds()
		result.Total = &total
	}
	if rec.Deregistered != 0 && rec.Reached[timeline.Detected] {
		took := max(0, rec.Deregistered.Sub(rec.At[timeline.Detected])).Seconds()
		result.Deregister = &took
	}
	phase := func(s timeline.Stage) *float64 {
		took, ok := rec.Phase(s)
		if !ok {
			return nil
		}
		seconds := took.Seconds()
		return &seconds
	}
	result.Phases = Phases{
		Detect: phase(timeline.Detected), Create: phase(timeline.Created), Schedule: phase(timeline.Scheduled), Prepare: phase(timeline.Prepared),
		Start: phase(timeline.Started), Ready: phase(timeline.BecameReady), Publish: phase(timeline.Published), Serve: phase(timeline.Served),
		Stabilise: phase(timeline.Stable),
	}
	return result
}

// conclude sets the verdict, its reasons and the exit code.
func (r *record) conclude(m *Model, q *requests, judgements []verdict.Judgement) {
	var c verdict.Circumstances
	c.Unproved, c.Applied = r.changes.unproved(r.experiment.Spec.Faults)
	switch {
	case r.ended == nil:
		c.Stopped = "the record ends in the middle of the run: it was killed, or is still going on"
	case r.ended.Outcome != "":
		c.Stopped = orElse(r.ended.Reason, r.ended.Outcome)
	}
	for _, p := range m.Probes {
		if p.Unknown > 0 {
			c.Unmeasured = append(c.Unmeasured, fmt.Sprintf("probe %s could not measure %d of %d times: %s", p.Name, p.Unknown, p.Checks, p.LastMessage))
		}
	}
	for _, p := range r.experiment.Spec.Probes {
		if r.probes.byName[p.Name] == nil {
			c.Unmeasured = append(c.Unmeasured, fmt.Sprintf("probe %s was never checked", p.Name))
		}
	}
	if !q.whole {
		c.Unmeasured = append(c.Unmeasured, "some requests are not known, since the record of them is not whole")
	}
	outcome, reasons := verdict.Of(judgements, c)
	m.Verdict, m.Reasons = Verdict(outcome), reasons
	if r.ended != nil && (r.ended.Outcome == event.Aborted || r.ended.Outcome == event.Interrupted) {
		m.Verdict = Aborted
		m.Marks = append(m.Marks, Mark{At: r.end, Kind: "abort", Text: r.ended.Outcome})
	}
	m.ExitCode = r.exitCode(m)
}
