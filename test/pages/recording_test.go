package pages

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// began is when every run began.
var began = time.Date(2026, 11, 23, 13, 20, 4, 218_000_000, time.UTC)

func at(seconds float64) event.Instant { return event.Instant(seconds * 1e9) }

// recording is the directory of a run in the making, written with what a run writes it with.
type recording struct {
	t       *testing.T
	dir     string
	log     *event.Log
	random  *rand.Rand
	samples []load.Sample
	streams int
	// replacements are by their names.
	replacements map[string]replacement
}

// replacement answers from an instant on, and its victim until another.
type replacement struct {
	victim        string
	lost, serving float64
}

// record begins the directory of a run; the document is its experiment.
func record(t *testing.T, dir, document string) *recording {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	log, err := event.CreateLog(filepath.Join(dir, report.EventsFile), event.NewClock(began))
	require.NoError(t, err)
	r := &recording{t: t, dir: dir, log: log, random: rand.New(rand.NewPCG(7, 11)), replacements: map[string]replacement{}}
	text, err := yaml.YAMLToJSON([]byte(document))
	require.NoError(t, err)
	r.add(0.001, event.RunStarted{
		RunID: filepath.Base(dir), Base: began, Experiment: json.RawMessage(text), Source: "experiment.yaml", Seed: 42,
		SHA256:  "9b1f7d3c5a0e64d2f8b7716c0f5e2a94c3d18e07b6a5f4932d1c0b8e7f6a5d43",
		Cluster: event.Cluster{Version: "v1.34.1", UID: "5b3c8a52-0f64-4f0e-9a55-51c6c1f2d9ab", Context: "lab", Nodes: 4},
		Environment: event.Environment{
			Version: "v0.1.0", Go: "go1.26.0", Platform: "linux/amd64", Host: "ci-7", CPUs: 4,
			Command: "chaosctl run -f experiment.yaml --context lab --seed 42",
		},
	})
	r.add(0.002, event.WatchMeasured{Writes: 20, Median: 0.0041, Max: 0.0092})
	return r
}

func (r *recording) add(seconds float64, p event.Payload) {
	r.log.Emit(event.Event{At: at(seconds), Payload: p})
}

// phase is a window of the run. A recovery converges where it begins.
func (r *recording) phase(p event.Phase, from, to float64) {
	r.add(from, event.PhaseStarted{Phase: p})
	ended := event.PhaseEnded{Phase: p, Complete: true}
	if p == event.Recovery {
		ended.Converged = at(from)
	}
	r.add(to, ended)
}

// loss is a span in which a share of the requests fails.
type loss struct {
	from, to, share float64
	cause           load.Cause
}

// load is a stream over fresh connections and one over kept ones, from 0 s to an end. Median is the usual response time; after a
// loss, responses take four times that for a while. Pods answer in turn.
func (r *recording) load(name string, rate, end, median float64, pods []string, losses ...loss) {
	for _, connections := range []string{"fresh", "reuse"} {
		id := r.streams
		r.streams++
		r.add(0.005, event.StreamStarted{
			ID: id, Name: name, Connections: connections, Method: "GET", URL: "http://10.96.14.7:80/", Via: "cluster IP",
			Service: "web", Rate: rate, Timeout: 2,
		})
		for i := range int(end * rate) {
			due := (float64(i) + 0.5) / rate
			response := median * (0.8 + 0.3*r.random.ExpFloat64())
			s := load.Sample{Stream: id, Due: at(due), Start: at(due + 0.0001), Status: 200, Pod: r.answering(pods, i, due)}
			for _, l := range losses {
				switch {
				case due >= l.from && due < l.to && r.random.Float64() < l.share:
					s.Status, s.Cause, s.Pod = 0, l.cause, ""
				case due >= l.to && due < l.to+1.5:
					response *= 4
				}
			}
			s.End = at(due + response)
			r.samples = append(r.samples, s)
		}
	}
}

// answering is the pod whose turn it is: the one that is replaced later, or the next where neither is there.
func (r *recording) answering(pods []string, turn int, seconds float64) string {
	for i := range pods {
		pod := pods[(turn+i)%len(pods)]
		switch replaced, is := r.replacements[pod]; {
		case !is || seconds >= replaced.serving:
			return pod
		case seconds < replaced.lost:
			return replaced.victim
		}
	}
	return pods[turn%len(pods)]
}

// podOf is a pod of the workload under test, ready.
func podOf(name, node string) event.PodObserved {
	return event.PodObserved{
		UID: "uid-" + name, Name: name, Namespace: "shop", Node: node, OwnerUID: "rs-1", OwnerKind: "ReplicaSet", Owner: "web-7d9f8b6c5",
		Target: true, Scheduled: true, Prepared: true, Running: true, Ready: true,
	}
}

// steadyPod is there from the start, and nothing happens to it.
func (r *recording) steadyPod(name, node string) {
	p := podOf(name, node)
	p.Initial = true
	r.add(0.003, p)
	r.add(0.004, event.EndpointObserved{Service: "web", PodUID: p.UID, Pod: name, Ready: true, Serving: true, Initial: true})
}

// replaced is the loss of a pod at an instant, and its successor, which is ready after so long.
func (r *recording) replaced(victim, from, successor, to string, fault, ready float64) {
	r.replacements[successor] = replacement{victim, fault + 0.02, fault + ready + 0.05}
	gone := podOf(victim, from)
	gone.Terminating, gone.Ready = true, false
	r.add(fault+0.006, gone)
	r.add(fault+0.021, event.EndpointObserved{Service: "web", PodUID: gone.UID, Pod: victim, Removed: true})
	p := podOf(successor, "")
	p.Scheduled, p.Prepared, p.Running, p.Ready = false, false, false, false
	r.add(fault+0.024, p)
	p.Scheduled, p.Node = true, to
	r.add(fault+0.028, p)
	p.Prepared = true
	r.add(fault+0.3*ready, p)
	p.Running = true
	r.add(fault+0.4*ready, p)
	p.Ready = true
	r.add(fault+ready, p)
	r.add(fault+ready+0.031, event.EndpointObserved{Service: "web", PodUID: p.UID, Pod: successor, Ready: true, Serving: true})
	gone.Gone = true
	r.add(fault+0.4, gone)
}

// scaled is what goes on around the loss of a pod: numbers of replicas, an autoscaler, Events of Kubernetes.
func (r *recording) scaled(victim, replacement string) {
	set := event.WorkloadObserved{Kind: "ReplicaSet", Name: "web-7d9f8b6c5", UID: "rs-1", Desired: 3, Current: 3, Ready: 3, Settled: true, Revision: "4"}
	scaler := event.ScalerObserved{Name: "web", UID: "h-1", Min: 3, Max: 6, Current: 3, Desired: 3}
	r.add(0.003, set)
	r.add(0.003, scaler)
	set.Ready = 2
	r.add(10.02, set)
	set.Desired, set.Current, scaler.Desired, scaler.Limited = 4, 4, 4, "ScaleUpLimit"
	r.add(11, scaler)
	r.add(11.1, set)
	set.Ready, scaler.Current = 4, 4
	r.add(12.8, set)
	r.add(15, scaler)
	r.add(10.02, event.Happened{Kind: "Pod", Name: victim, UID: "uid-" + victim, Reason: "Killing", Message: "Stopping container web", Count: 1})
	r.add(10.04, event.Happened{Kind: "Pod", Name: replacement, UID: "uid-" + replacement, Reason: "Scheduled", Message: "Successfully assigned shop/" + replacement + " to node3"})
	r.add(11, event.Happened{Kind: "HorizontalPodAutoscaler", Name: "web", UID: "h-1", Reason: "SuccessfulRescale", Message: "New size: 4; reason: cpu resource utilization above target"})
	r.add(12, event.Happened{Kind: "Pod", Name: replacement, UID: "uid-" + replacement, Warning: true, Reason: "Unhealthy", Message: "Readiness probe failed: connection refused", Count: 2})
}

// podObject is a pod as the object of a change.
func podObject(name, node string) event.Object {
	return event.Object{Kind: "Pod", Namespace: "shop", Name: name, UID: "uid-" + name, Node: node, Owner: "ReplicaSet/web-7d9f8b6c5"}
}

// change goes through its states, a few milliseconds apart.
func (r *recording) change(seconds float64, c event.ChangeUpdated, states ...event.ChangeState) {
	for i, state := range states {
		c.State = state
		r.add(seconds+0.004*float64(i), c)
	}
}

// end closes the record, as a run does whatever its outcome.
func (r *recording) end(seconds float64, ended event.RunEnded) {
	r.t.Helper()
	for id := range r.streams {
		r.add(seconds, event.StreamEnded{ID: id})
	}
	r.add(seconds+0.1, ended)
	r.write(false)
}

// write writes the samples in the order in which they ended. Of a run that was killed the last ones are torn.
func (r *recording) write(torn bool) {
	r.t.Helper()
	require.NoError(r.t, r.log.Close())
	slices.SortFunc(r.samples, func(a, b load.Sample) int { return cmp.Compare(a.End, b.End) })
	path := filepath.Join(r.dir, report.SamplesFile)
	file, err := os.Create(path)
	require.NoError(r.t, err)
	w := load.NewWriter(file)
	for i, s := range r.samples {
		require.NoError(r.t, w.Write(s))
		if i%200 == 0 {
			require.NoError(r.t, w.Flush()) // a run does so every half second, so that it loses no more when it is killed
		}
	}
	require.NoError(r.t, w.Close())
	if torn {
		info, err := file.Stat()
		require.NoError(r.t, err)
		require.NoError(r.t, file.Truncate(info.Size()-20))
	}
	require.NoError(r.t, file.Close())
}

// podName is a name as a ReplicaSet gives them.
func podName(i int) string {
	return fmt.Sprintf("web-7d9f8b6c5-%c%d%ck%c", 'b'+i%20, i%10, 'm'+i/10%10, 'p'+i/100%10)
}
