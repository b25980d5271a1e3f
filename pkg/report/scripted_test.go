package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

var testLoader = experiment.Loader{Catalogue: experiment.Catalogue{
	Faults: inject.Kinds(), Probes: probe.Kinds(), Expectations: verdict.Expectations(), Aborts: verdict.Aborts(),
}}

const killExperiment = `
apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: pod-kill}
spec:
  promise: self-healing
  target: {namespace: shop, workload: deployment/web}
  load:
  - {name: browse, http: {service: web, podHeader: X-Pod}, rate: 100/s, connections: fresh}
  steady: {for: 5s}
  faults:
  - {name: kill, podKill: {count: 1}}
  duration: 10s
  recovery: {timeout: 1m, stableFor: 2s}
  expect:
  - availability: {of: browse, atLeast: 99%}
  - outage: {of: browse, longest: 1s}
  - recovery: {within: 5s}
  - replicas: {atLeast: 2, within: 5s}
`

// scripted is the directory of a run in the making: a steady window from 0 s, a fault from 5 s, a recovery from 15 s to
// 20 s.
type scripted struct {
	t       *testing.T
	dir     string
	log     *event.Log
	samples *load.Writer
	file    *os.File
}

func newScripted(t *testing.T, document string) *scripted {
	t.Helper()
	dir := t.TempDir()
	log, err := event.CreateLog(filepath.Join(dir, EventsFile), event.NewClock(began))
	require.NoError(t, err)
	file, err := os.Create(filepath.Join(dir, SamplesFile))
	require.NoError(t, err)
	s := &scripted{t, dir, log, load.NewWriter(file), file}
	text, err := yaml.YAMLToJSON([]byte(document))
	require.NoError(t, err)
	s.add(0.001, event.RunStarted{RunID: "run-1", Base: began, Experiment: json.RawMessage(text), SHA256: "ab", GameDay: "d", Seed: 42})
	s.add(0.002, event.Planned{TargetPods: 2, ReadyPods: 2})
	return s
}

func (s *scripted) add(seconds float64, p event.Payload) {
	s.log.Emit(event.Event{At: at(seconds), Payload: p})
}

func (s *scripted) phase(p event.Phase, from, to float64) {
	s.add(from, event.PhaseStarted{Phase: p})
	ended := event.PhaseEnded{Phase: p, Complete: true}
	if p == event.Recovery {
		ended.Converged = at(from)
	}
	s.add(to, ended)
}

func (s *scripted) phases() {
	s.phase(event.Steady, 0.01, 5)
	s.phase(event.Fault, 5, 15)
	s.phase(event.Recovery, 15, 20)
}

func webPod(uid string) event.PodObserved {
	return event.PodObserved{
		UID: uid, Name: "web-" + uid, Namespace: "shop", Node: "node1", OwnerUID: "rs1", OwnerKind: "ReplicaSet", Owner: "web", Target: true,
		Scheduled: true, Prepared: true, Running: true, Ready: true,
	}
}

// replaced is the loss of pod a at 6 s, and its replacement by c, which is ready at 7 s.
func (s *scripted) replaced() {
	for _, uid := range []string{"a", "b"} {
		p := webPod(uid)
		p.Initial = true
		s.add(0.003, p)
		s.add(0.004, event.EndpointObserved{Service: "web", PodUID: uid, Pod: "web-" + uid, Ready: true, Serving: true, Initial: true})
	}
	s.change(6, podChange("a"), event.ChangeIntended, event.ChangeSent, event.ChangeApplied, event.ChangeProved)
	gone := webPod("a")
	gone.Terminating = true
	s.add(6.01, gone)
	s.add(6.02, event.EndpointObserved{Service: "web", PodUID: "a", Pod: "web-a", Removed: true})
	created := webPod("c")
	created.Scheduled, created.Prepared, created.Running, created.Ready = false, false, false, false
	s.add(6.1, created)
	s.add(7, webPod("c"))
	s.add(7.1, event.EndpointObserved{Service: "web", PodUID: "c", Pod: "web-c", Ready: true, Serving: true})
	gone.Gone = true
	s.add(8, gone)
}

func podChange(uid string) event.ChangeUpdated {
	return event.ChangeUpdated{ID: "kill/1/delete-web-" + uid, Fault: "kill", Verb: "delete", Object: event.Object{Kind: "Pod", Namespace: "shop", Name: "web-" + uid, UID: uid}}
}

func nodeChange(id string) event.ChangeUpdated {
	return event.ChangeUpdated{ID: id, Fault: "kill", Verb: "patch", Object: event.Object{Kind: "Node", Name: "node1", UID: "n1"}}
}

// change takes steps a millisecond apart, so that not all of them happen at once.
func (s *scripted) change(seconds float64, c event.ChangeUpdated, states ...event.ChangeState) {
	for i, state := range states {
		c.State = state
		s.add(seconds+float64(i)/1000, c)
	}
}

// stream announces the load of the experiment, and writes its samples from 0 s to 20 s: 100 a second, answered in 5 ms
// by the pod that is told, or failing where that is "".
func (s *scripted) stream(answers func(seconds float64) string) {
	s.add(0.005, event.StreamStarted{ID: 0, Name: "browse", Connections: "fresh", Method: "GET", URL: "http://10.0.0.1/", Via: "cluster IP", Service: "web", Rate: 100, Timeout: 2})
	for i := range 2000 {
		due := float64(i)/100 + 0.005
		sample := load.Sample{Due: at(due), Start: at(due), End: at(due + 0.005), Status: 200, Pod: answers(due)}
		if sample.Pod == "" {
			sample.Status, sample.Cause = 0, load.Refused
		}
		if sample.Pod == "anonymous" {
			sample.Pod = ""
		}
		require.NoError(s.t, s.samples.Write(sample))
	}
}

// always is answered by the same pod.
func always(pod string) func(float64) string { return func(float64) string { return pod } }

// end closes the record, as a run does whatever its outcome.
func (s *scripted) end(outcome, reason string) *Model {
	s.t.Helper()
	s.add(20.1, event.StreamEnded{ID: 0})
	s.add(20.2, event.RunEnded{Outcome: outcome, Reason: reason})
	require.NoError(s.t, s.samples.Close())
	return s.build()
}

// build folds what there is.
func (s *scripted) build() *Model {
	s.t.Helper()
	require.NoError(s.t, s.log.Close())
	require.NoError(s.t, s.file.Close())
	m, err := Build(s.dir, testLoader)
	require.NoError(s.t, err)
	return m
}

// passing is a run in which all is well.
func passing(t *testing.T) *scripted {
	t.Helper()
	s := newScripted(t, killExperiment)
	s.replaced()
	s.stream(func(seconds float64) string {
		if seconds > 7.2 {
			return "web-c"
		}
		return "web-b"
	})
	s.phases()
	return s
}

func secondsBetween(a, b time.Time) float64 { return b.Sub(a).Seconds() }
