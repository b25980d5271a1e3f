package alone

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"sigs.k8s.io/yaml"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/bench/record"
)

var largest = flag.Bool("bench.largest", false, "make reports of 100 million samples too, which needs much disk and time")

// BenchmarkReport compares the reports of a run with what vegeta makes of as many results: its text, and its page with a
// chart. Whole processes, in turn, by processor time, wall time and peak memory. Ours makes all of its reports at once.
func BenchmarkReport(b *testing.B) {
	with := gauge(b)
	ours, vegeta := installed(b, "chaosctl"), installed(b, "vegeta")
	sizes := []int{1_000_000, 10_000_000}
	if *largest {
		sizes = append(sizes, 100_000_000)
	}
	for _, size := range sizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			samples := int(float64(size) * *short)
			dir := b.TempDir()
			run, results, chart := filepath.Join(dir, "run"), filepath.Join(dir, "results.bin"), filepath.Join(dir, "plot.html")
			require.NoError(b, os.Mkdir(run, 0o755))
			makeRun(b, run, samples)
			makeResults(b, results, samples)
			reads := func(name, program string, args ...string) subject {
				return subject{name, "", func(b *testing.B, _ task) outcome { return gauged(b, with, append([]string{program}, args...)...) }}
			}
			all := []subject{
				reads("chaosctl", ours, "report", run), reads("vegeta report", vegeta, "report", results), reads("vegeta plot", vegeta, "plot", "-output", chart, results),
			}
			all[0].version, all[1].version = "this commit", dependency(b, "github.com/tsenart/vegeta/v12")
			all[2].version = all[1].version
			read := map[string]string{"chaosctl": filepath.Join(run, report.SamplesFile), "vegeta report": results, "vegeta plot": results}
			written := map[string]string{"chaosctl": filepath.Join(run, page), "vegeta plot": chart}
			file := keep(b, "report-"+millions(size), all)
			rounds(b, all, func(round, place int, s subject) {
				o := s.run(b, task{})
				values := []record.Value{
					{Metric: "processor-s", Value: o.processor.Seconds()}, {Metric: "s", Value: o.wall.Seconds()},
					{Metric: "Msamples/processor-s", Value: float64(samples) / 1e6 / o.processor.Seconds()}, {Metric: "peak-MiB", Value: o.MiB},
					{Metric: "read-MiB", Value: megabytes(b, read[s.name])},
				}
				if name := written[s.name]; name != "" {
					values = append(values, record.Value{Metric: "page-MiB", Value: megabytes(b, name)})
				}
				for _, v := range values {
					v.Round, v.Place, v.Subject = round, place, s.name
					require.NoError(b, file.Add(v))
				}
			})
		})
	}
}

// millions writes a number of samples as the name of a file has it.
func millions(n int) string { return fmt.Sprintf("%dM", n/1_000_000) }

// installed is the path of a program that make bench builds.
func installed(b *testing.B, name string) string {
	b.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "..", "bin", name))
	require.NoError(b, err)
	require.FileExists(b, path, "run make bench-alone")
	return path
}

// page is what chaosctl report writes beside the record.
const page = "report.html"

func megabytes(b *testing.B, file string) float64 {
	b.Helper()
	info, err := os.Stat(file)
	require.NoError(b, err)
	return float64(info.Size()) / (1 << 20)
}

// The requests of the runs: a thousand in a second, one in a thousand of which fails.
const perSecond = 1000

// pods are how many there are, who answer in turn.
const pods = 3

// response is how long a request took, and whether it failed.
func response(random *rand.Rand) (time.Duration, bool) {
	return time.Duration((2 + random.ExpFloat64()) * float64(time.Millisecond)), random.IntN(1000) == 0
}

var began = time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)

const reported = `apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: long}
spec:
  promise: self-healing
  target: {namespace: shop, workload: deployment/web}
  load:
  - {name: browse, http: {url: "http://web.example/", podHeader: X-Pod}, rate: 1000/s}
  faults:
  - podKill: {count: 1}
  expect:
  - availability: {of: browse, atLeast: 99%}
  - outage: {of: browse, longest: 1s}
`

// makeRun writes the directory of a run with one stream, half of which is the fault window.
func makeRun(b *testing.B, dir string, samples int) {
	b.Helper()
	log, err := event.CreateLog(filepath.Join(dir, report.EventsFile), event.NewClock(began))
	require.NoError(b, err)
	at := func(seconds float64) event.Instant { return event.Instant(seconds * 1e9) }
	text, err := yaml.YAMLToJSON([]byte(reported))
	require.NoError(b, err)
	end := float64(samples) / perSecond
	kill := event.ChangeUpdated{ID: "podKill/1/delete-web-0", Fault: "podKill", Verb: "delete", Object: event.Object{Kind: "Pod", Namespace: "shop", Name: "web-0", UID: "uid-web-0"}}
	state := func(s event.ChangeState) event.ChangeUpdated {
		kill.State = s
		return kill
	}
	events := []event.Event{
		{At: at(0), Payload: event.RunStarted{RunID: filepath.Base(dir), Base: began, Experiment: json.RawMessage(text), Source: "long.yaml", Seed: 1}},
		{At: at(0), Payload: event.StreamStarted{Name: "browse", Connections: "reuse", Method: "GET", URL: "http://web.example/", Via: "url", Rate: perSecond, Timeout: 2}},
		{At: at(0), Payload: event.PhaseStarted{Phase: event.Steady}},
		{At: at(end / 4), Payload: event.PhaseEnded{Phase: event.Steady, Complete: true}},
		{At: at(end / 4), Payload: event.PhaseStarted{Phase: event.Fault}},
		{At: at(end / 4), Payload: state(event.ChangeSent)},
		{At: at(end / 4), Payload: state(event.ChangeApplied)},
		{At: at(end / 4), Payload: state(event.ChangeProved)},
		{At: at(3 * end / 4), Payload: event.PhaseEnded{Phase: event.Fault, Complete: true}},
		{At: at(3 * end / 4), Payload: event.PhaseStarted{Phase: event.Recovery}},
		{At: at(end), Payload: event.PhaseEnded{Phase: event.Recovery, Complete: true, Converged: at(3 * end / 4)}},
		{At: at(end), Payload: event.StreamEnded{}},
		{At: at(end), Payload: event.RunEnded{}},
	}
	for i := range pods {
		name := fmt.Sprint("web-", i)
		events = slices.Insert(events, 1, event.Event{Payload: event.PodObserved{UID: "uid-" + name, Name: name, Namespace: "shop", Target: true, Scheduled: true, Prepared: true, Running: true, Ready: true, Initial: true}},
			event.Event{Payload: event.EndpointObserved{Service: "web", PodUID: "uid-" + name, Pod: name, Ready: true, Serving: true, Initial: true}})
	}
	for _, e := range events {
		log.Emit(e)
	}
	require.NoError(b, log.Close())
	file, err := os.Create(filepath.Join(dir, report.SamplesFile))
	require.NoError(b, err)
	w, random := load.NewWriter(file), rand.New(rand.NewPCG(1, 2))
	for i := range samples {
		due := event.Instant(i) * event.Instant(time.Second/perSecond)
		took, failed := response(random)
		s := load.Sample{Due: due, Start: due, End: due.Add(took), Status: 200, Pod: fmt.Sprint("web-", i%pods)}
		if failed {
			s.Status, s.Cause = 503, load.ServerError
		}
		require.NoError(b, w.Write(s))
	}
	require.NoError(b, w.Close())
	require.NoError(b, file.Close())
}

// makeResults writes the same requests as vegeta's results.
func makeResults(b *testing.B, name string, samples int) {
	b.Helper()
	file, err := os.Create(name)
	require.NoError(b, err)
	buffered := bufio.NewWriter(file)
	encode, random := vegeta.NewEncoder(buffered), rand.New(rand.NewPCG(1, 2))
	for i := range samples {
		took, failed := response(random)
		r := &vegeta.Result{
			Attack: "browse", Seq: uint64(i), Code: 200, Timestamp: began.Add(time.Duration(i) * time.Second / perSecond), Latency: took,
			Method: "GET", URL: "http://web.example/",
		}
		if failed {
			r.Code, r.Error = 503, "503 Service Unavailable"
		}
		require.NoError(b, encode.Encode(r))
	}
	require.NoError(b, buffered.Flush())
	require.NoError(b, file.Close())
}
