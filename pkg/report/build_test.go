package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/attribution"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/timeline"
)

func TestBuildPass(t *testing.T) {
	m := passing(t).end("", "")
	assert.Equal(t, Pass, m.Verdict, "%v", m.Reasons)
	assert.Equal(t, ExitPass, m.ExitCode)
	assert.Equal(t, UndoClean, m.Undo)
	assert.Equal(t, []string{"all 4 expectations held, and every fault was seen to take effect"}, m.Reasons)
	assert.Equal(t, "run-1", m.RunID)
	assert.Equal(t, "d", m.GameDay)
	assert.Equal(t, ExperimentRef{Name: "pod-kill", Promise: "self-healing", SHA256: "ab", Target: "shop/deployment/web"}, m.Experiment)
	assert.Contains(t, m.ExperimentYAML, "name: pod-kill")

	assert.InDelta(t, 4.99, secondsBetween(m.Windows.Steady.Start, m.Windows.Steady.End), 1e-9)
	assert.InDelta(t, 10, secondsBetween(m.Windows.Fault.Start, m.Windows.Fault.End), 1e-9)
	assert.Equal(t, wall(15), m.Windows.Recovery.Start)

	require.Len(t, m.Changes, 1)
	assert.Equal(t, "proved", m.Changes[0].Proof)
	assert.Equal(t, "none", m.Changes[0].Undo)
	assert.Equal(t, wall(6.001), m.Changes[0].SentAt)
	assert.Equal(t, wall(6.002), m.Changes[0].AckedAt)

	require.Len(t, m.Recoveries, 1)
	r := m.Recoveries[0]
	assert.Equal(t, PodRef{Name: "web-c", UID: "c", Node: "node1"}, *r.Replacement)
	assert.False(t, r.Censored)
	assert.False(t, r.Inferred, "the answers name their pods")
	assert.InDelta(t, 0.009, *r.Phases.Detect, 1e-9)
	assert.InDelta(t, 0.11, *r.Phases.Serve, 1e-9, "the first answer of the replacement ends at 7.21 s")
	assert.InDelta(t, 0, *r.Phases.Stabilise, 1e-9)
	assert.InDelta(t, r.Phases.sum(), *r.Total, 1e-9)
	assert.InDelta(t, 0.01, *r.Deregister, 1e-9)

	require.Len(t, m.Streams, 1)
	assert.Equal(t, uint64(1999), m.Streams[0].Requests, "those that were due in the windows")
	assert.InDelta(t, 1, *m.Streams[0].Availability, 0)
	assert.InDelta(t, 100, m.Streams[0].Achieved, 0.1)

	var lanes []string
	for _, lane := range m.Pods {
		text := lane.Name
		for _, segment := range lane.Segments {
			text += " " + segment.State
		}
		lanes = append(lanes, text)
	}
	assert.Equal(t, []string{"web-a ready terminating", "web-b ready", "web-c pending ready"}, lanes)
}

func TestBuildTwiceIsTheSame(t *testing.T) {
	s := passing(t)
	first := s.end("", "")
	second, err := Build(s.dir, testLoader)
	require.NoError(t, err)
	assert.Equal(t, first, second)
}

func TestBuildFail(t *testing.T) {
	s := newScripted(t, killExperiment)
	s.replaced()
	s.stream(func(seconds float64) string {
		if seconds > 6 && seconds < 9 {
			return ""
		}
		return "web-c"
	})
	s.phases()
	m := s.end("", "")
	assert.Equal(t, Fail, m.Verdict)
	assert.Equal(t, ExitFail, m.ExitCode)
	require.Len(t, m.Streams[0].Outages, 1)
	assert.InDelta(t, 3, m.Streams[0].Outages[0].Duration, 0.02)
	assert.Equal(t, map[string]uint64{"refused": 300}, m.Streams[0].FailuresByCause)
	verdicts := map[string]Verdict{}
	for _, e := range m.Expectations {
		verdicts[e.Kind] = e.Verdict
	}
	assert.Equal(t, map[string]Verdict{"availability": Fail, "outage": Fail, "recovery": Pass, "replicas": Pass}, verdicts)
	assert.InDelta(t, 3, *m.Recoveries[0].Total, 0.1, "steady again when the outage was over")
}

func TestBuildErrors(t *testing.T) {
	empty := t.TempDir()
	_, err := Build(empty, testLoader)
	require.ErrorContains(t, err, "is not the directory of a run")

	require.NoError(t, os.WriteFile(filepath.Join(empty, EventsFile), nil, 0o600))
	_, err = Build(empty, testLoader)
	require.ErrorContains(t, err, "ends before the run began")

	require.NoError(t, os.WriteFile(filepath.Join(empty, EventsFile), []byte("{\n{}\n"), 0o600))
	_, err = Build(empty, testLoader)
	require.ErrorContains(t, err, "line 1")

	s := newScripted(t, strings.Replace(killExperiment, "podKill", "podKlil", 1))
	require.NoError(t, s.log.Close())
	_, err = Build(s.dir, testLoader)
	require.ErrorContains(t, err, "podKlil")

	passed := passing(t)
	passed.end("", "")
	require.NoError(t, os.Remove(filepath.Join(passed.dir, SamplesFile)))
	m, err := Build(passed.dir, testLoader)
	require.NoError(t, err)
	assert.Equal(t, Unknown, m.Verdict, "without its samples nothing is known of the load")
}

// TestBuildKilled cuts the record of a run with a change that was not undone, in the middle of an event and of a block of
// samples.
func TestBuildKilled(t *testing.T) {
	s := newScripted(t, killExperiment)
	s.replaced()
	s.stream(always("web-b"))
	require.NoError(t, s.samples.Flush())
	s.phase(event.Steady, 0.01, 5)
	s.add(5, event.PhaseStarted{Phase: event.Fault})
	s.change(9, nodeChange("cordon"), event.ChangeIntended, event.ChangeSent)
	s.add(9.5, event.Noted{Level: "info", Message: strings.Repeat("x", 100)})
	tear(t, filepath.Join(s.dir, EventsFile), 30)
	tear(t, filepath.Join(s.dir, SamplesFile), 10)
	m := s.build()
	assert.Equal(t, Unknown, m.Verdict)
	assert.Equal(t, UndoIncomplete, m.Undo)
	assert.Equal(t, ExitUndoIncomplete, m.ExitCode)
	assert.Contains(t, m.Reasons[0], "the record ends in the middle of the run")
	assert.Equal(t, "pending", m.Changes[1].Undo)
	assert.Equal(t, wall(9.001), m.Windows.Fault.End, "the window ends with the record")
	assert.Nil(t, m.Windows.Recovery)
	require.NotEmpty(t, m.Notes)
	assert.Contains(t, m.Notes[len(m.Notes)-1].Message, "the samples are not whole")
}

func tear(t *testing.T, path string, bytes int64) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, info.Size()-bytes))
}

// TestBuildDamagedSamples: a run that went to its end, and whose requests are not all known, has not passed.
func TestBuildDamagedSamples(t *testing.T) {
	s := passing(t)
	s.end("", "")
	path := filepath.Join(s.dir, SamplesFile)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	text[len(text)-40] ^= 0xff
	require.NoError(t, os.WriteFile(path, text, 0o600))
	m, err := Build(s.dir, testLoader)
	require.NoError(t, err)
	assert.Equal(t, Unknown, m.Verdict)
	assert.Equal(t, ExitUnknown, m.ExitCode)
}

// TestExitCodes holds the table of what a result can have.
func TestExitCodes(t *testing.T) {
	undone := []event.ChangeState{event.ChangeIntended, event.ChangeSent, event.ChangeApplied, event.ChangeProved, event.ChangeUndone}
	stuck := append(undone[:4:4], event.ChangeStuck)
	for name, c := range map[string]struct {
		outcome string
		fails   bool
		states  []event.ChangeState
		verdict Verdict
		code    int
	}{
		"passed":               {"", false, undone, Pass, ExitPass},
		"failed":               {"", true, undone, Fail, ExitFail},
		"not steady":           {event.NotSteady, false, undone, Unknown, ExitUnknown},
		"unproved":             {"", false, []event.ChangeState{event.ChangeSent, event.ChangeApplied, event.ChangeUnproved, event.ChangeUndone}, Unknown, ExitUnknown},
		"aborted":              {event.Aborted, true, undone, Aborted, ExitAborted},
		"interrupted":          {event.Interrupted, false, undone, Aborted, ExitInterrupted},
		"an internal error":    {event.Failed, false, undone, Unknown, ExitInternal},
		"diverged":             {"", false, append(undone[:4:4], event.ChangeDiverged), Pass, ExitPass},
		"stuck, passed":        {"", false, stuck, Pass, ExitUndoIncomplete},
		"stuck, failed":        {"", true, stuck, Fail, ExitUndoIncomplete},
		"stuck, aborted":       {event.Aborted, true, stuck, Aborted, ExitUndoIncomplete},
		"stuck, interrupted":   {event.Interrupted, false, stuck, Aborted, ExitUndoIncomplete},
		"stuck, an error":      {event.Failed, false, stuck, Unknown, ExitUndoIncomplete},
		"never tried to undo":  {"", false, undone[:4], Pass, ExitUndoIncomplete},
		"sent, and not undone": {event.Interrupted, false, undone[:2], Aborted, ExitUndoIncomplete},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScripted(t, killExperiment)
			s.replaced()
			s.stream(func(seconds float64) string {
				if c.fails && seconds > 10 && seconds < 13 {
					return ""
				}
				return "web-c"
			})
			s.phases()
			s.change(9, nodeChange("cordon"), c.states...)
			m := s.end(c.outcome, "")
			assert.Equal(t, c.verdict, m.Verdict, "%v", m.Reasons)
			assert.Equal(t, c.code, m.ExitCode)
		})
	}
}

func TestBuildWithoutLoad(t *testing.T) {
	document := killExperiment[:strings.Index(killExperiment, "  load:")] + killExperiment[strings.Index(killExperiment, "  steady:"):]
	document = strings.ReplaceAll(strings.ReplaceAll(document, "  - availability: {of: browse, atLeast: 99%}\n", ""), "  - outage: {of: browse, longest: 1s}\n", "")
	s := newScripted(t, document)
	s.replaced()
	s.phases()
	m := s.end("", "")
	assert.Equal(t, Pass, m.Verdict, "%v", m.Reasons)
	require.Len(t, m.Recoveries, 1)
	require.NotNil(t, m.Recoveries[0].Total)
	assert.InDelta(t, 1.099, *m.Recoveries[0].Total, 1e-9, "without a load it ends where the replacement is published")
}

// TestBuildTellsOfFaultsThatDidNothing: what the experiment says and what did not come about is no pass.
func TestBuildTellsOfFaultsThatDidNothing(t *testing.T) {
	two := strings.Replace(killExperiment, "  duration:", "  - {name: later, at: 5s, podKill: {count: 1}}\n  duration:", 1)
	for name, c := range map[string]struct {
		observe func(s *scripted)
		want    string
	}{
		"nothing at all": {func(*scripted) {}, "the fault later changed nothing"},
		"refused": {func(s *scripted) {
			s.add(10, event.ChangeUpdated{ID: "later/1", Fault: "later", Verb: "podKill", State: event.ChangeFailed, Message: "would leave 0 of 1 ready"})
		}, "the fault later did not take effect: would leave 0 of 1 ready"},
		"skipped": {func(s *scripted) {
			c := podChange("b")
			c.Fault = "later"
			s.change(10, c, event.ChangeIntended, event.ChangeSent, event.ChangeSkipped)
		}, "the fault later changed nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScripted(t, two)
			s.replaced()
			s.stream(always("web-c"))
			s.phases()
			c.observe(s)
			m := s.end("", "")
			assert.Equal(t, Unknown, m.Verdict)
			assert.Equal(t, []string{c.want}, m.Reasons)
			assert.Equal(t, UndoClean, m.Undo)
		})
	}
}

func TestBuildNotes(t *testing.T) {
	s := passing(t)
	s.add(16, event.Noted{Level: "warning", Message: "careful"})
	s.add(17, event.WatchInterrupted{Resource: "pods", Reason: "too old"})
	m := s.end(event.Interrupted, "interrupted")
	require.Len(t, m.Notes, 2)
	assert.Equal(t, Note{At: at(16), Level: "warning", Message: "careful"}, m.Notes[0])
	assert.Equal(t, "the watch of pods was cut, so events may have been missed: too old", m.Notes[1].Message)
	assert.Equal(t, "abort", m.Marks[len(m.Marks)-1].Kind)
}

// TestBuildMissedPods: a watch that goes on where it stopped has shown everything, be it late.
func TestBuildMissedPods(t *testing.T) {
	cut := event.WatchInterrupted{Resource: "pods", Reason: "too old"}
	for name, c := range map[string]struct {
		events []event.Payload
		missed bool
	}{
		"never cut":            {nil, false},
		"another one was":      {[]event.Payload{event.WatchInterrupted{Resource: "nodes"}}, false},
		"cut for good":         {[]event.Payload{cut}, true},
		"resumed":              {[]event.Payload{cut, event.WatchResumed{Resource: "pods"}}, false},
		"begun anew":           {[]event.Payload{cut, event.WatchResumed{Resource: "pods", Missed: true}}, true},
		"begun anew, then cut": {[]event.Payload{cut, event.WatchResumed{Resource: "pods", Missed: true}, cut, event.WatchResumed{Resource: "pods"}}, true},
		"another one is back":  {[]event.Payload{cut, event.WatchResumed{Resource: "nodes"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := &record{pods: newLanes(), timeline: timeline.NewFold(), history: attribution.NewHistory()}
			for _, p := range c.events {
				require.NoError(t, r.add(event.Event{Payload: p}))
			}
			assert.Equal(t, c.missed, r.pods.missed || r.pods.cut)
		})
	}
}

func TestBuildWatchDelay(t *testing.T) {
	s := passing(t)
	m := s.end("", "")
	require.NotEmpty(t, m.Recoveries)
	assert.Nil(t, m.WatchDelay)
	assert.Contains(t, strings.Join(limits(m), " "), "the resolution of the recovery times is not known")

	s = passing(t)
	s.add(4, event.WatchMeasured{Writes: 20, Median: 0.004, Max: 0.0125})
	m = s.end("", "")
	assert.Equal(t, &event.WatchMeasured{Writes: 20, Median: 0.004, Max: 0.0125}, m.WatchDelay)
	assert.NotContains(t, strings.Join(limits(m), " "), "the resolution of the recovery times is not known")
	var resolutions []string
	for _, e := range m.Expectations {
		if e.Kind == "recovery" {
			resolutions = append(resolutions, e.Resolution)
		}
	}
	assert.Equal(t, []string{"13ms"}, resolutions)
	var page strings.Builder
	require.NoError(t, WriteHTML(&page, m))
	assert.Contains(t, strings.ReplaceAll(page.String(), "\u00a0", " "), "in the median, 12 ms at the most, in 20 writes")
}

func TestAProfileIsComparedOverItsOwnTime(t *testing.T) {
	document := strings.Replace(killExperiment, "rate: 100/s", "profile: {step: {rates: [0/s, 50/s, 100/s, 0/s], every: 5s}}", 1)
	s := newScripted(t, document)
	s.replaced()
	s.add(0.005, event.StreamStarted{
		ID: 0, Name: "browse", Connections: "fresh", Method: "GET", URL: "http://10.0.0.1/", Via: "cluster IP", Rate: 100,
		Profile: "0/s, then 50/s, then 100/s, then 0/s, 5s each", Timeout: 2,
	})
	for i := range 750 {
		due := 5 + float64(i)/50
		if i > 250 {
			due = 10 + float64(i-250)/100
		}
		require.NoError(t, s.samples.Write(load.Sample{Due: at(due + 0.005), Start: at(due + 0.005), End: at(due + 0.01), Status: 200, Pod: "web-b"}))
	}
	s.phases()
	m := s.end("", "")

	require.Len(t, m.Streams, 1)
	stream := m.Streams[0]
	assert.Equal(t, "0/s, then 50/s, then 100/s, then 0/s, 5s each", stream.Profile)
	assert.InDelta(t, 75, stream.Asked, 0.2, "the mean of the time in which it asked for any")
	assert.InDelta(t, 75, stream.Achieved, 0.2)
	assert.InDelta(t, 5.2, stream.Spacing, 0.1, "it ends with a pause")
	text := strings.Join(limits(m), " ")
	assert.NotContains(t, text, "starved")
	assert.Contains(t, strings.ReplaceAll(text, "\u00a0", " "), "Outages of browse")
	var summary strings.Builder
	require.NoError(t, WriteMarkdown(&summary, m))
	var page strings.Builder
	require.NoError(t, WriteHTML(&page, m))
	assert.Contains(t, page.String(), "<bdi>0/s, then 50/s, then 100/s, then 0/s, 5s each</bdi>")
	assert.Contains(t, summary.String(), "75/s of 75/s (0/s, then 50/s, then 100/s, then 0/s, 5s each)")
}

func TestConditionsAreJudgedFromTheLog(t *testing.T) {
	document := strings.Replace(killExperiment, "  - replicas:", "  - cel: after.deployment.status.readyReplicas + 0 == before.deployment.status.readyReplicas\n  - replicas:", 1)
	for name, c := range map[string]struct {
		after   string
		verdict Verdict
		why     string
	}{
		"as before": {`{"deployment":{"status":{"readyReplicas":2}}}`, Pass, "after.deployment.status.readyReplicas is 2"},
		"fewer":     {`{"deployment":{"status":{"readyReplicas":1}}}`, Fail, "after.deployment.status.readyReplicas is 1, before.deployment.status.readyReplicas is 2"},
		"no longer": {`{}`, Unknown, "no such key: deployment"},
		"never":     {"", Unknown, "the run did not come to where after is read"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScripted(t, document)
			s.replaced()
			s.stream(always("web-b"))
			s.phases()
			s.add(5, event.TargetRead{Moment: event.Before, Objects: json.RawMessage(`{"deployment":{"status":{"readyReplicas":2}}}`)})
			if c.after != "" {
				s.add(20, event.TargetRead{Moment: event.After, Objects: json.RawMessage(c.after)})
			}
			m := s.end("", "")
			judged := m.Expectations[3]
			assert.Equal(t, "cel", judged.Kind)
			assert.Equal(t, c.verdict, judged.Verdict)
			assert.Contains(t, judged.Why, c.why)
			var page strings.Builder
			require.NoError(t, WriteHTML(&page, m))
			assert.Contains(t, page.String(), "after.deployment.status.readyReplicas")
		})
	}
}

// TestBuildTellsOfAbortConditions: each has an outcome of its own, and what watched nothing did not hold.
func TestBuildTellsOfAbortConditions(t *testing.T) {
	document := strings.Replace(killExperiment, "  - {name: browse,", "  - {name: search, http: {service: web}, rate: 1/s}\n  - {name: browse,", 1) +
		"  abortIf:\n  - availability: {of: browse, below: 50%, over: 5s}\n  - availability: {of: browse, below: 50%, over: 5s}\n  - availability: {of: search, below: 10%, over: 1s}\n"
	aborted := func(t *testing.T) *scripted {
		s := newScripted(t, document)
		s.replaced()
		s.stream(always("web-b"))
		s.phases()
		return s
	}
	outcomes := func(m *Model) (all []Verdict) {
		for _, a := range m.AbortIf {
			all = append(all, a.Verdict)
		}
		return all
	}
	s := aborted(t)
	s.add(20.2, event.RunEnded{Outcome: event.Aborted, Reason: "availability of browse was 0 %", Condition: event.AbortPath(1)})
	require.NoError(t, s.samples.Close())
	m := s.build()
	assert.Equal(t, []Verdict{Pass, Fail, Unknown}, outcomes(m))
	assert.Equal(t, AbortResult{Name: "availability of browse below 50% over 5s", Kind: "availability", Verdict: Fail, Why: "availability of browse was 0 %"}, m.AbortIf[1])
	assert.Equal(t, "it did not come true in 1,999 requests", m.AbortIf[0].Why)
	assert.Equal(t, "no request of search was watched", m.AbortIf[2].Why)
	var page, markdown strings.Builder
	require.NoError(t, WriteHTML(&page, m))
	require.NoError(t, WriteMarkdown(&markdown, m))
	for _, a := range m.AbortIf {
		assert.Contains(t, page.String(), "<bdi>"+exactly(a.Name)+"</bdi>")
		assert.Contains(t, markdown.String(), a.Name)
	}
	assert.Contains(t, page.String(), "</span>came true</span> <bdi>availability of browse below 50\u00a0% over 5\u00a0s</bdi>")

	assert.Equal(t, []Verdict{Pass, Pass, Unknown}, outcomes(aborted(t).end("", "")))

	killed := aborted(t)
	require.NoError(t, killed.samples.Close())
	assert.Equal(t, []Verdict{Unknown, Unknown, Unknown}, outcomes(killed.build()), "the record of a run that was killed does not show all of it")
}

// TestUnexpectedAnswersAreShown: as a cause of their own, with what the first of them lacked.
func TestUnexpectedAnswersAreShown(t *testing.T) {
	s := passing(t)
	require.NoError(t, s.samples.Write(load.Sample{Due: at(8), Start: at(8), End: at(8.1), Status: 200, Cause: load.Unexpected}))
	s.add(20.05, event.StreamEnded{ID: 0, Unexpected: `the body does not contain "Welcome"`})
	s.add(20.2, event.RunEnded{})
	require.NoError(t, s.samples.Close())
	m := s.build()
	assert.Equal(t, uint64(1), m.Streams[0].Failures)
	assert.Equal(t, map[string]uint64{"unexpected": 1}, m.Streams[0].FailuresByCause)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"page":    func(b *bytes.Buffer) error { return WriteHTML(b, m) },
		"summary": func(b *bytes.Buffer) error { return WriteMarkdown(b, m) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, write(&out))
			assert.Contains(t, out.String(), "unexpected")
			assert.Contains(t, out.String(), "the body does not contain")
		})
	}
}
