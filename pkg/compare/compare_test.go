package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

var began = time.Date(2026, 11, 23, 13, 20, 4, 0, time.UTC)

// recorded is the result of a run as result.json has it.
type recorded struct {
	recovery float64 // the slowest, in seconds; 0 for none
	censored bool
	requests uint64
	failures uint64
	p99      float64
	outage   float64
}

// well is a run of the usual kind.
func well() recorded {
	return recorded{recovery: 4, requests: 10_000, failures: 5, p99: 0.05, outage: 0.1}
}

func (r recorded) result(id string) *report.Result {
	total := r.recovery
	result := &report.Result{
		APIVersion: report.ResultVersion, Kind: "Result", RunID: id, Seed: 42, StartedAt: began, Verdict: report.Pass, Undo: report.UndoClean,
		Experiment: report.ExperimentRef{Name: "pod-kill", Promise: "self-healing", SHA256: strings.Repeat("ab", 32), Target: "shop/deployment/web"},
		Windows:    report.Windows{Fault: &report.Window{Start: began, End: began.Add(30 * time.Second)}},
		Changes:    []report.ChangeResult{{ID: "kill/0", Fault: "kill", Verb: "delete", Proof: "proved", Undo: "none"}},
		Streams: []report.StreamResult{{
			Name: "browse", Connections: "fresh", Requests: r.requests, Failures: r.failures,
			Latency: &report.Latency{P50: r.p99 / 5, P90: r.p99 / 2, P99: r.p99, P999: r.p99 * 2, Max: r.p99 * 3},
		}},
	}
	if r.recovery > 0 {
		rec := report.RecoveryResult{Total: &total, Reached: r.recovery, Censored: r.censored}
		if r.censored {
			rec.Total = nil
		}
		result.Recoveries = []report.RecoveryResult{{Total: new(float64), Reached: 0}, rec}
	}
	if r.outage > 0 {
		result.Streams[0].Outages = []report.OutageResult{{Start: began, Duration: r.outage / 2}, {Start: began, Duration: r.outage}}
	}
	return result
}

// set is n runs, each changed a little, as runs differ.
func set(name string, n int, change func(i int, r *recorded)) *Set {
	s := &Set{Path: name}
	for i := range n {
		r := well()
		r.recovery += 0.1 * float64(i)
		r.p99 += 0.001 * float64(i)
		r.failures += uint64(i)
		if change != nil {
			change(i, &r)
		}
		id := fmt.Sprintf("%s-%d", name, i)
		s.Runs = append(s.Runs, Run{name + "/" + id + "/result.json", r.result(id)})
	}
	return s
}

func gates(t *testing.T, text string) Options {
	t.Helper()
	all, err := ParseGates(text)
	require.NoError(t, err)
	return Options{Gates: all, Required: true}
}

func usual(t *testing.T) Options {
	t.Helper()
	o := gates(t, DefaultGates)
	o.Required = false
	return o
}

func figure(t *testing.T, c *Comparison, m Metric) Figure {
	t.Helper()
	for _, f := range c.Figures {
		if f.Metric == m {
			return f
		}
	}
	t.Fatalf("no figure of %s", m)
	return Figure{}
}

func TestNothingChanged(t *testing.T) {
	c := Compare(set("base", 5, nil), set("head", 5, nil), usual(t))
	assert.Equal(t, report.Pass, c.Verdict)
	assert.Equal(t, 0, c.ExitCode)
	assert.False(t, c.Weak)
	assert.Empty(t, c.Notes)
	assert.Equal(t, "No regression beyond the gates", c.Headline())
	for _, f := range c.Figures {
		assert.Empty(t, f.Trend, f.Name())
	}
}

func TestARunAgainstItself(t *testing.T) {
	s := set("same", 1, nil)
	c := Compare(s, s, usual(t))
	assert.Equal(t, 0, c.ExitCode, "%+v", c.Figures)
	assert.True(t, c.Weak)
	assert.Contains(t, strings.Join(c.Notes, "\n"), "it is compared with itself")
	assert.Contains(t, strings.Join(c.Notes, "\n"), "weak evidence: one run of base and one run of head can be compared")
	assert.Contains(t, c.Headline(), "weak evidence")
}

func TestRegressions(t *testing.T) {
	for name, c := range map[string]struct {
		metric Metric
		change func(i int, r *recorded)
	}{
		"recovery":     {Recovery, func(_ int, r *recorded) { r.recovery *= 1.5 }},
		"p99":          {P99, func(_ int, r *recorded) { r.p99 *= 2 }},
		"availability": {Availability, func(_ int, r *recorded) { r.failures += 60 }},
	} {
		got := Compare(set("base", 4, nil), set("head", 4, c.change), usual(t))
		assert.Equal(t, 1, got.ExitCode, name)
		f := figure(t, got, c.metric)
		assert.Equal(t, report.Fail, f.Verdict, name)
		assert.Equal(t, worse, f.Trend, name)
		assert.Contains(t, got.Headline(), "Regression: "+name, name)
		for _, other := range got.Figures {
			if other.Gate != "" && other.Metric != c.metric {
				assert.Equal(t, report.Pass, other.Verdict, "%s: %s", name, other.Name())
			}
		}
		back := Compare(set("base", 4, c.change), set("head", 4, nil), usual(t))
		assert.Equal(t, 0, back.ExitCode, "%s: better is no regression", name)
		assert.Equal(t, better, figure(t, back, c.metric).Trend)
	}
}

// TestWithinTheGate: what got worse for certain, but by less than the gate, passes, and is told.
func TestWithinTheGate(t *testing.T) {
	slower := func(_ int, r *recorded) { r.recovery *= 1.15 }
	c := Compare(set("base", 5, nil), set("head", 5, slower), usual(t))
	assert.Equal(t, 0, c.ExitCode)
	assert.Equal(t, worse, figure(t, c, Recovery).Trend)
	c = Compare(set("base", 5, nil), set("head", 5, slower), gates(t, "recovery=+100ms"))
	assert.Equal(t, 1, c.ExitCode, "by a time, the same is beyond")
}

// TestFewRunsCannotTell: a figure far beyond its gate is unknown where chance alone could do it.
func TestFewRunsCannotTell(t *testing.T) {
	slower := func(_ int, r *recorded) { r.recovery *= 3 }
	for n, want := range map[int]int{1: 2, 2: 2, 3: 1, 5: 1} {
		c := Compare(set("base", n, nil), set("head", n, slower), gates(t, "recovery=+20%"))
		assert.Equal(t, want, c.ExitCode, "%d runs", n)
		if want == 2 {
			assert.Contains(t, figure(t, c, Recovery).Why, "at least 3 times on each side")
			assert.Contains(t, c.Headline(), "cannot tell whether recovery got worse")
		}
	}
	noisy := func(i int, r *recorded) { r.recovery = []float64{4, 4.2, 9, 9, 9}[i] }
	c := Compare(set("base", 5, func(i int, r *recorded) { r.recovery = []float64{4, 4, 4.1, 9, 9}[i] }), set("head", 5, noisy), gates(t, "recovery=+20%"))
	assert.Equal(t, 2, c.ExitCode)
	assert.Contains(t, figure(t, c, Recovery).Why, "may be chance")
}

// TestOneRunOfEachSide: the requests of one run are many, so an availability can be judged, and that is said to be weak.
func TestOneRunOfEachSide(t *testing.T) {
	c := Compare(set("base", 1, nil), set("head", 1, func(_ int, r *recorded) { r.failures = 900 }), gates(t, "availability=-0.1pp"))
	assert.Equal(t, 1, c.ExitCode)
	assert.True(t, c.Weak)
}

// TestRequestsFailTogether: shares that jump from run to run need more than a large number of requests.
func TestRequestsFailTogether(t *testing.T) {
	jumpy := func(failures ...uint64) func(int, *recorded) {
		return func(i int, r *recorded) { r.failures = failures[i] }
	}
	c := Compare(set("base", 3, jumpy(0, 0, 300)), set("head", 3, jumpy(0, 300, 300)), gates(t, "availability=-0.1pp"))
	f := figure(t, c, Availability)
	assert.Equal(t, report.Unknown, f.Verdict, f.Why)
	assert.Contains(t, f.Why, "times as much as independent requests would")
}

func TestRecoveriesThatWereNotSeenToEnd(t *testing.T) {
	open := func(i int, r *recorded) { r.censored = true }
	gate := gates(t, "recovery=+20%")
	c := Compare(set("base", 3, nil), set("head", 3, open), gate)
	f := figure(t, c, Recovery)
	assert.Equal(t, report.Unknown, f.Verdict, "at least 4 s is not within 4.8 s for certain")
	assert.True(t, f.Head.AtLeast)
	assert.Equal(t, "at least 4.10 s", f.Show(f.Head))
	assert.Nil(t, f.Change)

	c = Compare(set("base", 3, nil), set("head", 3, func(_ int, r *recorded) { r.recovery, r.censored = 60, true }), gate)
	assert.Equal(t, report.Fail, figure(t, c, Recovery).Verdict, "whatever the end, it was beyond")

	c = Compare(set("base", 3, open), set("head", 3, func(_ int, r *recorded) { r.recovery = 60 }), gate)
	assert.Equal(t, report.Unknown, figure(t, c, Recovery).Verdict, "base may have been as slow")

	c = Compare(set("base", 5, nil), set("head", 5, func(i int, r *recorded) { r.censored = i == 4 }), gate)
	assert.Equal(t, report.Pass, figure(t, c, Recovery).Verdict, "one open end of five does not move the median")
}

func TestNoData(t *testing.T) {
	silent := func(_ int, r *recorded) { *r = recorded{} }
	c := Compare(set("base", 3, nil), set("head", 3, silent), usual(t))
	assert.Equal(t, 2, c.ExitCode)
	for _, f := range c.Figures {
		assert.NotEqual(t, report.Pass, f.Verdict, f.Name())
		assert.Nil(t, f.Head.Typical)
		assert.NotNil(t, f.Head.Values, "an empty list is written as such")
	}
	c = Compare(set("base", 3, silent), set("head", 3, silent), usual(t))
	assert.Equal(t, 2, c.ExitCode)

	dry := func(_ int, r *recorded) { r.recovery = 0 }
	c = Compare(set("base", 3, dry), set("head", 3, dry), usual(t))
	assert.Equal(t, 0, c.ExitCode, "a fault that loses no pod has no recovery, and the usual gates do not ask for one")
	c = Compare(set("base", 3, dry), set("head", 3, dry), gates(t, "recovery=+20%"))
	assert.Equal(t, 2, c.ExitCode, "who asks for it has no answer")
	assert.Contains(t, figure(t, c, Recovery).Why, "no run of either side")
	c = Compare(&Set{Path: "a"}, &Set{Path: "b"}, usual(t))
	assert.Equal(t, 2, c.ExitCode)
}

func TestTooFewRequestsForTheGate(t *testing.T) {
	few := func(_ int, r *recorded) { r.requests, r.failures = 100, 0 }
	c := Compare(set("base", 3, few), set("head", 3, few), gates(t, "availability=-0.1pp"))
	assert.Equal(t, 2, c.ExitCode)
	assert.Contains(t, figure(t, c, Availability).Why, "300 requests cannot show")
	c = Compare(set("base", 3, few), set("head", 3, few), usual(t))
	assert.Equal(t, 0, c.ExitCode, "nobody has asked for that gate")
	assert.Contains(t, figure(t, c, Availability).Why, "usual gate, which is left out")
	assert.Empty(t, figure(t, c, Availability).Gate)
	worse := func(_ int, r *recorded) { r.requests, r.failures = 100, 30 }
	c = Compare(set("base", 3, few), set("head", 3, worse), usual(t))
	assert.Equal(t, 1, c.ExitCode, "what they do show counts")
	c = Compare(set("base", 3, few), set("head", 3, few), gates(t, "availability=-2pp"))
	assert.Equal(t, 0, c.ExitCode)
}

// TestRunsThatBrokeNothing: without its fault a run looks best of all, so it must not stand for head.
func TestRunsThatBrokeNothing(t *testing.T) {
	for name, spoil := range map[string]func(*report.Result){
		"it ended before its fault":       func(r *report.Result) { r.Windows.Fault = nil },
		"was not seen to take effect":     func(r *report.Result) { r.Changes[0].Proof = "unproved" },
		"no fault was seen":               func(r *report.Result) { r.Changes = nil },
		"interrupted":                     func(r *report.Result) { r.ExitCode = report.ExitInterrupted },
		"it ended by an error":            func(r *report.Result) { r.ExitCode = report.ExitInternal },
		"the load of browse over fresh c": func(r *report.Result) { r.Streams[0].Starved, r.Recoveries = true, nil },
	} {
		head := set("head", 3, nil)
		for _, r := range head.Runs {
			spoil(r.Result)
		}
		c := Compare(set("base", 3, nil), head, usual(t))
		assert.Equal(t, 2, c.ExitCode, name)
		assert.Contains(t, strings.Join(c.Notes, "\n"), name)
	}
}

func TestWhatDiffersIsPointedOut(t *testing.T) {
	for want, change := range map[string]func(*report.Result){
		"different experiments: pod-kill in base, drain in head":    func(r *report.Result) { r.Experiment.Name = "drain" },
		"different seeds: 42 in base, 7 in head":                    func(r *report.Result) { r.Seed = 7 },
		"different versions of the experiment's file: abababababab": func(r *report.Result) { r.Experiment.SHA256 = "cd" },
		"different targets": func(r *report.Result) { r.Experiment.Target = "shop/deployment/api" },
		"different versions of Kubernetes: none in base, v1.35 in h":  func(r *report.Result) { r.Cluster.Version = "v1.35" },
		"different versions of chaosctl: none in base, v0.2.0 in hea": func(r *report.Result) { r.Environment.Version = "v0.2.0" },
	} {
		head := set("head", 3, nil)
		for _, r := range head.Runs {
			change(r.Result)
		}
		c := Compare(set("base", 3, nil), head, usual(t))
		require.Len(t, c.Notes, 1)
		assert.Contains(t, c.Notes[0], want)
	}
	mixed := set("head", 3, nil)
	mixed.Runs[1].Result.Experiment.SHA256 = "cd"
	assert.Contains(t, strings.Join(Compare(set("base", 3, nil), mixed, usual(t)).Notes, "\n"), "the runs of head are of 2 versions of the experiment's file")
}

// TestStreamsApart: one that kept its connections does not hide what new clients met.
func TestStreamsApart(t *testing.T) {
	both := func(s *Set, failures uint64) *Set {
		for _, r := range s.Runs {
			reused := r.Result.Streams[0]
			reused.Connections, reused.Failures = "reuse", 0
			r.Result.Streams[0].Failures = failures
			r.Result.Streams = append(r.Result.Streams, reused)
		}
		return s
	}
	c := Compare(both(set("base", 3, nil), 5), both(set("head", 3, nil), 100), gates(t, "availability=-0.6pp"))
	assert.Equal(t, report.Fail, c.Figures[0+1].Verdict, "%+v", c.Figures[1])
	assert.Equal(t, "availability of browse over fresh connections", c.Figures[1].Name())
	assert.Equal(t, report.Pass, c.Figures[2].Verdict)
}

// TestFalseAlarmsAreRare: with nothing behind the differences, a gate of nothing at all fails no more often than its level
// says, and a shift of what runs differ by is found.
func TestFalseAlarmsAreRare(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	rate := func(shift float64) float64 {
		const trials = 1000
		failed := 0
		for range trials {
			sides := [2]*Set{}
			for i, name := range []string{"base", "head"} {
				sides[i] = set(name, 6, func(_ int, r *recorded) {
					r.recovery = math.Exp(1.4 + 0.2*(random.NormFloat64()+shift*float64(i)))
				})
			}
			if Compare(sides[0], sides[1], gates(t, "recovery=+0%")).ExitCode == 1 {
				failed++
			}
		}
		return float64(failed) / trials
	}
	assert.Less(t, rate(0), 0.065)
	assert.Greater(t, rate(3), 0.95)
}
