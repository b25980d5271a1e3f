package report

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/attribution"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// reply is what became of one request: who answered it, if anybody did, and how.
type reply struct {
	pod    string
	status int
	cause  load.Cause
	took   float64
}

// answered is a success, which takes 20 ms.
func answered(pod string) reply { return reply{pod: pod, status: 200, took: 0.02} }

// replies announces the load of the experiment, and writes what became of 100 requests a second from 0 s to 20 s.
func (s *scripted) replies(of func(seconds float64) reply) {
	s.add(0.005, event.StreamStarted{ID: 0, Name: "browse", Connections: "fresh", Method: "GET", URL: "http://10.0.0.1/", Via: "cluster IP", Service: "web", Rate: 100, Timeout: 2})
	for i := range 2000 {
		due := float64(i)/100 + 0.005
		r := of(due)
		require.NoError(s.t, s.samples.Write(load.Sample{Due: at(due), Start: at(due), End: at(due + r.took), Status: r.status, Cause: r.cause, Pod: r.pod}))
	}
}

// there are pods that were ready before the run.
func (s *scripted) there(pods ...event.PodObserved) {
	for _, p := range pods {
		p.Initial = true
		s.add(0.003, p)
		s.add(0.004, event.EndpointObserved{Service: "web", PodUID: p.UID, Pod: p.Name, Ready: true, Serving: true, Initial: true})
	}
}

// sends away a pod that goes after so many seconds.
func (s *scripted) sendAway(seconds, goes float64, verb string, p event.PodObserved) {
	c := event.ChangeUpdated{ID: "kill/" + p.UID, Fault: "kill", Verb: verb, Object: event.Object{Kind: "Pod", Namespace: "shop", Name: p.Name, UID: p.UID}}
	s.change(seconds, c, event.ChangeIntended, event.ChangeSent, event.ChangeApplied, event.ChangeProved)
	p.Terminating = true
	s.add(seconds+0.01, p)
	s.add(seconds+0.03, event.EndpointObserved{Service: "web", PodUID: p.UID, Pod: p.Name, Removed: true})
	p.Gone = true
	s.add(seconds+goes, p)
}

// comes a pod, up and ready at the instants.
func (s *scripted) comes(seconds, ready float64, p event.PodObserved) {
	young := p
	young.Running, young.Ready = false, false
	s.add(seconds, young)
	s.add(ready, p)
	s.add(ready+0.01, event.EndpointObserved{Service: "web", PodUID: p.UID, Pod: p.Name, Ready: true, Serving: true})
}

// shopLike is the configuration of a healthy target.
func shopLike() event.TargetConfigured {
	return event.TargetConfigured{Replicas: 2, GracePeriod: 30, Containers: []event.ContainerConfigured{{Name: "app", Readiness: true}}}
}

// between says whether an instant is in a span.
func between(seconds, from, to float64) bool { return from <= seconds && seconds < to }

// told is the explanation of a run that failed.
func (s *scripted) told() *Model {
	s.t.Helper()
	s.phases()
	m := s.end("", "")
	require.Equal(s.t, Fail, m.Verdict, "%v", m.Reasons)
	require.NotNil(s.t, m.Attribution)
	sum := uint64(0)
	for _, c := range m.Attribution.Classes {
		sum += c.Failures
		pods := uint64(0)
		for _, p := range c.Pods {
			pods += p.Failures
		}
		assert.Equal(s.t, c.Failures, pods, c.Class)
	}
	assert.Equal(s.t, m.Streams[0].Failures, sum, "the classes add up to the failures")
	assert.Equal(s.t, sum, m.Attribution.Failures)
	require.NotNil(s.t, m.Explanation)
	for _, each := range m.Explanation.lines() {
		s.t.Log(each.Name + ": " + each.Value)
	}
	return m
}

func TestExplainedStop(t *testing.T) {
	hook := func(seconds float64) event.TargetConfigured {
		c := shopLike()
		c.Containers[0].PreStop, c.Containers[0].PreStopSleep = true, seconds
		return c
	}
	plain := shopLike()
	short := hook(1)
	enough, own := hook(5), hook(0)
	for name, c := range map[string]struct {
		configured *event.TargetConfigured
		kind, mend string
	}{
		"no hook": {&plain, "preStop", "A preStop hook that sleeps for 2 s or longer would have avoided "},
		// The hook delays the signal, and the pod was told before it.
		"a short hook":     {&short, "preStop", "A preStop hook that sleeps for 2 s or longer"},
		"a hook that does": {&enough, "", ""},
		"a hook unknown":   {&own, "", ""},
		"no template":      {nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScripted(t, killExperiment)
			if c.configured != nil {
				s.add(0.004, *c.configured)
			}
			s.there(webPod("a"), webPod("b"))
			s.sendAway(6, 3, "delete", webPod("a"))
			s.comes(6.1, 8, webPod("c"))
			s.replies(func(seconds float64) reply {
				switch {
				case between(seconds, 5.9, 6):
					return reply{cause: load.Reset, took: 0.15}
				case between(seconds, 6, 7.2) && int(seconds*100)%2 == 0:
					return reply{cause: load.Refused, took: 0.001}
				}
				return answered("web-b")
			})
			m := s.told()
			assert.Equal(t, c.kind, m.Explanation.Kind)
			assert.Contains(t, m.Explanation.Broke, "met a pod on its way out")
			assert.Contains(t, m.Explanation.Broke, "as the state of the pods suggests")
			assert.Contains(t, m.Explanation.Mend, c.mend)
			if c.kind == "" {
				assert.Empty(t, m.Explanation.Mend)
				assert.Zero(t, m.Explanation.Avoided)
			}
		})
	}
}

func TestExplainedKill(t *testing.T) {
	t.Run("at the end of the grace period", func(t *testing.T) {
		s := newScripted(t, killExperiment)
		c := shopLike()
		c.GracePeriod = 5
		s.add(0.004, c)
		s.there(webPod("a"), webPod("b"))
		s.sendAway(6, 5.1, "delete", webPod("a"))
		s.comes(6.1, 8, webPod("c"))
		s.add(0.005, event.StreamStarted{ID: 0, Name: "browse", Connections: "reuse", Method: "GET", URL: "http://10.0.0.1/", Via: "cluster IP", Service: "web", Rate: 100, Timeout: 2})
		for i := range 2000 {
			due := float64(i)/100 + 0.005
			sample := load.Sample{Due: at(due), Start: at(due), End: at(due + 0.02), Status: 200, Pod: "web-b"}
			if between(due, 10.6, 11.05) {
				sample = load.Sample{Due: at(due), Start: at(due), End: at(11.06), Cause: load.Reset, Peer: load.Peer{Pod: "web-a"}}
			}
			require.NoError(t, s.samples.Write(sample))
		}
		e := s.told().Explanation
		assert.Equal(t, "sigterm", e.Kind)
		assert.Contains(t, e.Why, "killed with requests in hand when its grace period of 5.00 s was over")
		assert.NotContains(t, e.Broke, "suggests", "a kept connection tells whose it was")
	})
	t.Run("without a grace period", func(t *testing.T) {
		s := newScripted(t, killExperiment)
		s.add(0.004, shopLike())
		s.there(webPod("a"), webPod("b"))
		c := podChange("a")
		s.change(6, c, event.ChangeIntended, event.ChangeSent, event.ChangeApplied, event.ChangeProved)
		gone := webPod("a")
		gone.Gone = true
		s.add(6.01, gone)
		s.add(6.1, event.EndpointObserved{Service: "web", PodUID: "a", Pod: "web-a", Removed: true})
		s.comes(6.1, 8, webPod("c"))
		s.replies(func(seconds float64) reply {
			if between(seconds, 6.02, 7) {
				return reply{cause: load.Refused, took: 0.001}
			}
			return answered("web-b")
		})
		e := s.told().Explanation
		assert.Contains(t, e.Why, "without a grace period")
		assert.Empty(t, e.Mend)
	})
}

func TestExplainedReadiness(t *testing.T) {
	for name, c := range map[string]struct {
		readiness, ready bool
		publishes        []string
		kind, why, mend  string
	}{
		"no probe":             {false, true, nil, "readiness", "Pods were Ready for 3.02 s before they first served (web-c), and the template has no readiness probe.", "would have avoided all 149 failed requests."},
		"a probe of no use":    {true, true, nil, "readiness", "though the template has a readiness probe", "A readiness probe that passes no sooner than requests succeed"},
		"published, not ready": {true, false, []string{"web"}, "publish", "The Service web sends requests to pods that are not ready", "A Service without publishNotReadyAddresses would have avoided"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScripted(t, killExperiment)
			configured := shopLike()
			configured.Containers[0].Readiness, configured.PublishesNotReady = c.readiness, c.publishes
			s.add(0.004, configured)
			s.there(webPod("a"), webPod("b"))
			s.sendAway(6, 3, "delete", webPod("a"))
			young := webPod("c")
			young.Running, young.Ready = false, false
			s.add(6.1, young)
			young.Running, young.Ready = true, c.ready
			s.add(7, young)
			s.add(7.01, event.EndpointObserved{Service: "web", PodUID: "c", Pod: "web-c", Ready: true, Serving: true})
			s.add(10, webPod("c"))
			s.replies(func(seconds float64) reply {
				second := int(seconds*100)%2 == 0
				switch {
				case between(seconds, 7.02, 10) && second:
					return reply{pod: "web-c", status: 503, cause: load.ServerError, took: 0.001}
				case seconds >= 10 && second:
					return answered("web-c")
				}
				return answered("web-b")
			})
			m := s.told()
			assert.Equal(t, c.kind, m.Explanation.Kind)
			assert.Contains(t, m.Explanation.Broke, map[bool]string{true: "sent to a pod that did not serve yet", false: "came to pods that were not ready, yet or any more"}[c.ready])
			assert.NotContains(t, m.Explanation.Broke, "suggests", "the answers name their pod")
			assert.Contains(t, strings.ReplaceAll(m.Explanation.Why, "\u00a0", " "), c.why)
			assert.Contains(t, m.Explanation.Mend, c.mend)
			assert.Equal(t, m.Attribution.Failures, m.Explanation.Avoided)
		})
	}
}

func TestExplainedLossOfAll(t *testing.T) {
	nodes := func(s *scripted, zones ...string) {
		for i, zone := range zones {
			s.add(0.002, event.NodeObserved{Name: []string{"node1", "node2", "node3"}[i], UID: "n", Zone: zone, Ready: true})
		}
	}
	for name, c := range map[string]struct {
		replicas   int
		verb       string
		onNodes    bool
		zones      []string
		budgets    []string
		unread     bool
		kind, text string
	}{
		"one replica":              {replicas: 1, verb: "delete", kind: "replicas", text: "A second replica, which stays while the first is replaced, would have avoided"},
		"all deleted":              {replicas: 2, verb: "delete"},
		"all evicted":              {replicas: 2, verb: "evict", kind: "budget", text: "A PodDisruptionBudget with maxUnavailable: 1 would have held up the second eviction"},
		"evicted within a budget":  {replicas: 2, verb: "evict", budgets: []string{"web"}},
		"budgets not read":         {replicas: 2, verb: "evict", unread: true},
		"one zone":                 {replicas: 2, verb: "delete", onNodes: true, zones: []string{"a", "b"}, kind: "spread", text: "Pods that are spread over zones"},
		"one node":                 {replicas: 2, verb: "delete", onNodes: true, zones: []string{"", ""}, kind: "spread", text: "Pods that are spread over nodes"},
		"the only node":            {replicas: 2, verb: "delete", onNodes: true, zones: []string{""}},
		"one zone by chance":       {replicas: 2, verb: "delete", zones: []string{"a", "b"}},
		"one zone, and no others":  {replicas: 2, verb: "delete", onNodes: true, zones: []string{"a", "a"}, kind: "spread", text: "Pods that are spread over nodes"},
		"one replica on its nodes": {replicas: 1, verb: "delete", onNodes: true, zones: []string{"a", "b"}, kind: "replicas", text: "A second replica"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScripted(t, killExperiment)
			configured := shopLike()
			configured.Replicas, configured.Budgets, configured.BudgetsRead = c.replicas, c.budgets, c.verb == "evict" && !c.unread
			s.add(0.004, configured)
			nodes(s, c.zones...)
			if c.onNodes {
				s.change(5.5, nodeChange("cordon"), event.ChangeIntended, event.ChangeSent, event.ChangeApplied, event.ChangeProved, event.ChangeUndone)
			}
			for i, uid := range []string{"a", "b"}[:c.replicas] {
				s.there(webPod(uid))
				s.sendAway(6+0.1*float64(i), 3, c.verb, webPod(uid))
			}
			s.comes(6.2, 10, webPod("c"))
			s.replies(func(seconds float64) reply {
				if between(seconds, 6.2, 10) {
					return reply{cause: load.Refused, took: 0.001}
				}
				return answered("web-b")
			})
			m := s.told()
			assert.Contains(t, m.Explanation.Broke, "without a ready endpoint to go to")
			assert.Equal(t, c.kind, m.Explanation.Kind)
			if c.kind == "" {
				assert.Empty(t, m.Explanation.Mend)
			}
			assert.Contains(t, m.Explanation.Mend, c.text)
		})
	}
}

// TestExplainedMixture: what has several reasons gets no advice.
func TestExplainedMixture(t *testing.T) {
	s := newScripted(t, killExperiment)
	s.add(0.004, shopLike())
	s.there(webPod("a"), webPod("b"))
	s.sendAway(6, 3, "delete", webPod("a"))
	s.comes(6.1, 8, webPod("c"))
	s.replies(func(seconds float64) reply {
		switch {
		case between(seconds, 6, 7):
			return reply{cause: load.Refused, took: 0.001}
		case between(seconds, 10, 11):
			return reply{pod: "web-b", status: 500, cause: load.ServerError, took: 0.001}
		case between(seconds, 12, 13):
			return reply{cause: load.DNS, took: 0.001}
		}
		return answered("web-b")
	})
	e := s.told().Explanation
	assert.Contains(t, e.Broke, "have several reasons: ")
	assert.Empty(t, e.Why)
	assert.Empty(t, e.Mend)
}

// TestExplainedFault: a pod on which a fault acts fails, and nothing takes it away.
func TestExplainedFault(t *testing.T) {
	for _, readiness := range []bool{true, false} {
		s := newScripted(t, killExperiment)
		configured := shopLike()
		configured.Containers[0].Readiness = readiness
		s.add(0.004, configured)
		s.there(webPod("a"), webPod("b"))
		c := podChange("a")
		c.Verb = "run agent in"
		s.change(6, c, event.ChangeIntended, event.ChangeSent, event.ChangeApplied, event.ChangeProved)
		s.replies(func(seconds float64) reply {
			if between(seconds, 6.1, 10) && int(seconds*100)%2 == 0 {
				return reply{status: 503, cause: load.ServerError, took: 0.001}
			}
			return answered("web-b")
		})
		c.State = event.ChangeUndone
		s.add(14, c)
		e := s.told().Explanation
		assert.Contains(t, e.Broke, "sent to a pod while a fault acted on it")
		assert.Equal(t, readiness, e.Why == "")
		assert.Empty(t, e.Mend)
	}
}

// TestExplainedWithGaps: what a watch missed could speak against a mend.
func TestExplainedWithGaps(t *testing.T) {
	s := newScripted(t, killExperiment)
	configured := shopLike()
	configured.Replicas = 1
	s.add(0.004, configured)
	s.there(webPod("a"))
	s.sendAway(6, 3, "delete", webPod("a"))
	s.comes(6.2, 10, webPod("c"))
	s.add(7, event.WatchInterrupted{Resource: "pods", Reason: "too old"})
	s.replies(func(seconds float64) reply {
		if between(seconds, 6.2, 10) {
			return reply{cause: load.Refused, took: 0.001}
		}
		return answered("web-a")
	})
	e := s.told().Explanation
	assert.NotEmpty(t, e.Why)
	assert.Empty(t, e.Mend)
	assert.Empty(t, e.Kind)
}

// TestExplainedPods: a run that lost no request may have failed for its pods.
func TestExplainedPods(t *testing.T) {
	phases := Phases{Start: sec(0.5), Ready: sec(20), Serve: sec(0.5)}
	recovery := RecoveryResult{Victim: PodRef{Name: "web-a"}, Phases: phases, Total: sec(21)}
	configured := shopLike()
	for name, c := range map[string]struct {
		circumstances
		kind, text string
	}{
		"evicted together": {circumstances{failed: []string{"replicas"}, lost: attribution.Group{Pods: 2, All: 3, Evicted: 2}, configured: &event.TargetConfigured{BudgetsRead: true}},
			"budget", "2 of 3 pods were evicted at once, and no PodDisruptionBudget covers them."},
		"a slow start": {circumstances{failed: []string{"recovery"}, recoveries: []RecoveryResult{recovery}, within: 15 * time.Second},
			"start", "An application that is ready within 14.0 s of the start of its containers would have met the bound of 15.0 s: all else took 1.00 s."},
		"a slow start, of which the end was not seen": {circumstances{failed: []string{"recovery"}, recoveries: []RecoveryResult{{Phases: phases, Censored: true, Reached: 21}}, within: 15 * time.Second},
			"", "20.0 s of it (95 %) were spent until the readiness probe passes."},
		"all else took too long too": {circumstances{failed: []string{"recovery"}, recoveries: []RecoveryResult{recovery}, within: time.Second}, "", "20.0 s of it"},
		"a slow stop": {circumstances{failed: []string{"recovery"}, configured: &configured, slowest: &attribution.Stop{Pod: "web-a", Lasted: 31 * time.Second}, within: 12 * time.Second},
			"sigterm", "killed when its grace period of 30.0 s was over"},
		"a stop in time": {circumstances{failed: []string{"recovery"}, configured: &configured, slowest: &attribution.Stop{Pod: "web-a", Lasted: 13 * time.Second}, within: 12 * time.Second}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := c.explain()
			if c.text == "" {
				assert.Nil(t, e)
				return
			}
			require.NotNil(t, e)
			assert.Equal(t, c.kind, e.Kind)
			assert.Contains(t, e.Why+e.Mend, c.text)
			assert.Equal(t, c.kind == "", e.Mend == "")
		})
	}
}

func TestExplainedAnswers(t *testing.T) {
	s := newScripted(t, killExperiment)
	s.add(0.004, shopLike())
	s.replaced()
	s.replies(func(seconds float64) reply {
		if between(seconds, 10, 11) {
			return reply{pod: "web-b", status: 500, cause: load.ServerError, took: 0.001}
		}
		return answered("web-b")
	})
	e := s.told().Explanation
	assert.Contains(t, e.Broke, "All 100 failed requests were answered with a failure by a pod in good health.")
	assert.Contains(t, e.Why, "the first failure was a status of 500")
	assert.Empty(t, e.Mend)
}

// TestExplainedEverywhere: the sentences are on the first screen of the page, in the summary and at the end on a terminal.
func TestExplainedEverywhere(t *testing.T) {
	m := failingKill()
	e := m.Explanation
	require.NotNil(t, e)
	page := string(render(t, m))
	assert.Less(t, strings.Index(page, "A second replica"), strings.Index(page, `id="expectations"`))
	assert.Contains(t, page, "without a ready endpoint to go to")
	var summary, terminal strings.Builder
	require.NoError(t, WriteMarkdown(&summary, m))
	require.NoError(t, WriteText(&terminal, &m.Result, Style{Width: 1000}))
	for _, sentence := range []string{e.Broke, e.Why, e.Mend} {
		assert.Contains(t, summary.String(), markdown(sentence))
		assert.Contains(t, terminal.String(), sentence)
	}
	assert.Less(t, strings.Index(terminal.String(), e.Mend), strings.Index(terminal.String(), "verdict"), "the verdict is where the eye is")
}

func TestPassedRunsAreNotExplained(t *testing.T) {
	m := passing(t).end("", "")
	assert.Nil(t, m.Attribution)
	assert.Nil(t, m.Explanation)
}
