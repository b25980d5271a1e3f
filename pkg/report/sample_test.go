package report

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// began is the start of every sample run.
var began = time.Date(2026, 11, 23, 13, 20, 4, 218_000_000, time.UTC)

func at(seconds float64) event.Instant { return event.Instant(seconds * 1e9) }
func wall(seconds float64) time.Time   { return began.Add(time.Duration(seconds * 1e9)) }
func sec(v float64) *float64           { return &v }

// sample is a run in the making.
type sample struct {
	*Model
	random *rand.Rand
	length float64
}

func newSample(name, promise, target string, steady, fault, recovery float64) *sample {
	end := steady + fault + recovery
	m := &Model{End: at(end), ExperimentYAML: experimentYAML(name)}
	m.APIVersion, m.Kind = ResultVersion, "Result"
	m.RunID = "20261123-132004-" + name
	m.Experiment = ExperimentRef{Name: name, Promise: promise, Target: target, SHA256: "9b1f7d3c5a0e64d2f8b7716c0f5e2a94c3d18e07b6a5f4932d1c0b8e7f6a5d43"}
	m.Seed = 42
	m.Cluster = event.Cluster{Version: "v1.34.1", UID: "5b3c8a52-0f64-4f0e-9a55-51c6c1f2d9ab", Context: "lab", Nodes: 4}
	m.Environment = event.Environment{Version: "v0.1.0", Go: "go1.26.0", Platform: "linux/amd64", Host: "ci-7", CPUs: 4, Command: "chaosctl run -f " + name + ".yaml --context lab --seed 42"}
	m.StartedAt, m.EndedAt = wall(0), wall(end)
	m.Verdict, m.Undo = Pass, UndoClean
	s := &sample{Model: m, random: rand.New(rand.NewPCG(7, 11)), length: end}
	m.Windows.Steady = s.phase(event.Steady, 0, steady)
	m.Windows.Fault = s.phase(event.Fault, steady, steady+fault)
	m.Windows.Recovery = s.phase(event.Recovery, steady+fault, end)
	return s
}

func (s *sample) phase(p event.Phase, from, to float64) *Window {
	if to <= from {
		return nil
	}
	s.Spans = append(s.Spans, Span{p, at(from), at(to)})
	return &Window{wall(from), wall(to)}
}

// loss is a span in which a share of the requests fails.
type loss struct{ from, to, share float64 }

// load adds a stream with its series; outages are the losses of everything.
func (s *sample) load(name, connections string, perSecond, width, median float64, cause string, losses ...loss) *StreamResult {
	series := StreamSeries{Name: name, Connections: connections, Width: width}
	result := StreamResult{
		Name: name, Connections: connections, URL: "http://10.96.14.7:80/", Via: "cluster IP", Asked: perSecond, Achieved: perSecond,
		FailuresByCause: map[string]uint64{}, Outages: []OutageResult{},
	}
	buckets := int(s.length / width)
	for i := range buckets {
		from := float64(i) * width
		b := Bucket{Start: at(from), Requests: uint64(perSecond * width)}
		slow := 1.0
		for _, l := range losses {
			switch overlap := min(l.to, from+width) - max(l.from, from); {
			case overlap > 0:
				b.Failures += uint64(max(1, float64(b.Requests)*l.share*overlap/width+0.5))
			case from > l.to && from < l.to+1.5:
				slow = 4
			}
		}
		b.Failures = min(b.Failures, b.Requests)
		if b.Failures < b.Requests {
			b.P50 = median * (0.9 + 0.2*s.random.Float64()) * slow
			b.P99 = b.P50 * (2 + 4*s.random.ExpFloat64())
		}
		result.Requests += b.Requests
		result.Failures += b.Failures
		series.Buckets = append(series.Buckets, b)
	}
	for _, l := range losses {
		if l.share < 1 {
			continue
		}
		series.Outages = append(series.Outages, OutageSpan{at(l.from), at(l.to)})
		result.Outages = append(result.Outages, OutageResult{Start: wall(l.from), Duration: l.to - l.from, Resolution: 1 / perSecond, Failures: uint64((l.to - l.from) * perSecond)})
	}
	if result.Failures > 0 {
		result.FailuresByCause[cause] = result.Failures
	}
	share := 1 - float64(result.Failures)/float64(result.Requests)
	result.Availability = &share
	result.Interval95 = &[2]float64{share - 0.0012, min(1, share+0.0004)}
	result.Latency = &Latency{P50: median, P90: median * 1.8, P99: median * 7.4, P999: median * 22, Max: median * 41}
	s.Series = append(s.Series, series)
	s.Streams = append(s.Streams, result)
	return &s.Streams[len(s.Streams)-1]
}

// steadyPod adds a pod that nothing happens to.
func (s *sample) steadyPod(name, node string) {
	s.Pods = append(s.Pods, PodLane{Name: name, UID: "uid-" + name, Node: node, Segments: []PodSegment{{"ready", 0, at(s.length)}}})
}

// recovery adds a victim with its replacement, and all that is told of them.
func (s *sample) recovery(victim, replacement, from, to string, fault float64, p Phases) {
	total := p.sum()
	create := fault + ptr(p.Detect) + ptr(p.Create)
	started := create + ptr(p.Schedule) + ptr(p.Prepare) + ptr(p.Start)
	ready := started + ptr(p.Ready)
	s.Recoveries = append(s.Recoveries, RecoveryResult{
		Victim: PodRef{victim, "uid-" + victim, from}, Replacement: &PodRef{replacement, "uid-" + replacement, to},
		Total: sec(total), Deregister: sec(0.021), Phases: p, FaultAt: wall(fault),
	})
	s.Pods = append(s.Pods,
		PodLane{Name: victim, UID: "uid-" + victim, Node: from, Segments: []PodSegment{
			{"ready", 0, at(fault)}, {"terminating", at(fault), at(fault + 0.4)},
		}},
		PodLane{Name: replacement, UID: "uid-" + replacement, Node: to, Segments: []PodSegment{
			{"pending", at(create), at(create + ptr(p.Schedule))}, {"starting", at(create + ptr(p.Schedule)), at(started)},
			{"running", at(started), at(ready)}, {"ready", at(ready), at(s.length)},
		}})
}

// change adds a change with its mark.
func (s *sample) change(id, fault, verb string, object event.Object, when float64, undo string) *ChangeResult {
	s.Plan.Changes = append(s.Plan.Changes, event.PlannedChange{
		ID: id, Fault: fault, Object: object, Verb: verb, What: verb + " " + object.Name + " with a grace period of 0 s",
		Undo: "none: its controller makes a replacement", At: at(when - s.Windows.Fault.Start.Sub(began).Seconds()),
	})
	s.Changes = append(s.Changes, ChangeResult{
		ID: id, Fault: fault, Object: object, UID: object.UID, Verb: verb, Proof: "proved", Message: "the UID is gone from the API server",
		Undo: undo, SentAt: wall(when), AckedAt: wall(when + 0.012),
	})
	s.Marks = append(s.Marks, Mark{at(when), "inject", fault + ": " + verb + " " + object.Name, object.Name})
	return &s.Changes[len(s.Changes)-1]
}

func (s *sample) expect(name, kind string, v Verdict, observed, bound, resolution, window, why string) {
	s.Expectations = append(s.Expectations, ExpectationResult{name, kind, v, observed, bound, resolution, window, why})
}

func pod(name, node string) event.Object {
	return event.Object{Kind: "Pod", Namespace: "shop", Name: name, UID: "uid-" + name, Node: node, Owner: "ReplicaSet/" + name[:len(name)-6]}
}

func experimentYAML(name string) string {
	return fmt.Sprintf(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata:
  name: %s
spec:
  promise: self-healing
  target: {namespace: shop, workload: deployment/web}
  load:
  - name: browse
    http: {service: web, port: http, path: /}
    rate: 100/s
    connections: both
  faults:
  - name: kill-one
    podKill: {count: 1, gracePeriod: 0s}
  expect:
  - availability: {of: browse, atLeast: 99.9%%}
  - outage: {of: browse, longest: 500ms}
  - recovery: {within: 20s}
`, name)
}
