package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// TestBalanceIsOfThoseThatWereReady kills a at 6 s and has c ready from 7.1 s on.
func TestBalanceIsOfThoseThatWereReady(t *testing.T) {
	everybody := func(pods ...string) func() string {
		n := 0
		return func() string { n++; return pods[n%len(pods)] }
	}
	for name, c := range map[string]struct {
		during         string
		before, after  func() string
		verdict        Verdict
		observed, says string
	}{
		"even":                 {"recovery", everybody("web-a", "web-b"), everybody("web-b", "web-c"), Pass, "0 %", "equal share is 250"},
		"over the run":         {"run", everybody("web-a", "web-b"), everybody("web-b", "web-c"), Pass, "", "over 3 pods"},
		"the new has none":     {"recovery", everybody("web-a", "web-b"), everybody("web-b"), Fail, "100 %", "equal share is 250"},
		"the new is not in it": {"steady", everybody("web-a", "web-b"), everybody("web-b"), Pass, "", "over 2 pods"},
		"no names":             {"recovery", everybody("web-a"), everybody("anonymous"), Unknown, "nothing", "none of 500 requests"},
		"those that were lost": {"recovery", everybody("web-a"), everybody("web-a", "web-b", "web-c"), Pass, "", "were answered by pods that were not ready"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScripted(t, strings.Replace(killExperiment, "  - replicas:", "  - balance: {of: browse, maxSkew: 30%, during: "+c.during+"}\n  - replicas:", 1))
			s.replaced()
			s.stream(func(seconds float64) string {
				switch {
				case seconds < 6.02:
					return c.before()
				case seconds < 7.1:
					return "web-b"
				}
				return c.after()
			})
			s.phases()
			judged := s.end("", "").Expectations[3]
			assert.Equal(t, "balance", judged.Kind)
			assert.Equal(t, c.during, judged.Window)
			assert.Equal(t, c.verdict, judged.Verdict, judged.Why)
			assert.Contains(t, judged.Observed, c.observed)
			assert.Contains(t, judged.Why, c.says)
		})
	}
}

// TestSharesAddUp lets pods come and go: each request is part of one share or of none, equal shares add up to what was
// answered, and no pod is ready for more than all of the window.
func TestSharesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMembership()
		now := 0.0
		for range rapid.IntRange(0, 12).Draw(t, "changes") {
			now += rapid.Float64Range(0, 3).Draw(t, "after")
			pod := rapid.IntRange(0, 3).Draw(t, "pod")
			e := event.EndpointObserved{Service: "web", PodUID: fmt.Sprint(pod), Pod: fmt.Sprintf("web-%d", pod), Ready: rapid.Bool().Draw(t, "ready")}
			e.Removed = !e.Ready && rapid.Bool().Draw(t, "removed")
			m.add(at(now), e)
		}
		window := verdict.Span{Start: at(rapid.Float64Range(0, 10).Draw(t, "start")), End: at(rapid.Float64Range(11, 30).Draw(t, "end"))}
		b := &balance{span: window, stretches: m.of("web", window)}
		within := uint64(0)
		for range rapid.IntRange(0, 200).Draw(t, "requests") {
			due := at(rapid.Float64Range(0, 30).Draw(t, "due"))
			if due >= window.Start && due < window.End {
				within++
			}
			b.add(load.Sample{Due: due, Start: due.Add(1), Pod: rapid.SampledFrom([]string{"web-0", "web-1", "web-2", "web-3", ""}).Draw(t, "by")})
		}
		shares := b.result()
		answered, equal := uint64(0), 0.0
		for _, p := range shares.Pods {
			answered += p.Answered
			equal += p.Equal
			require.LessOrEqual(t, p.Ready, 1+1e-9)
			require.Positive(t, p.Ready)
		}
		require.Equal(t, within, answered+shares.Unnamed+shares.Others)
		require.InDelta(t, float64(answered), equal, 1e-6)
	})
}

func TestTheServiceOfAURL(t *testing.T) {
	m, targets := newMembership(), newLanes()
	targets.add(0, webPod("a"))
	assert.Empty(t, m.only(targets))
	m.add(0, event.EndpointObserved{Service: "other", PodUID: "z", Pod: "other-z", Ready: true})
	m.add(0, event.EndpointObserved{Service: "web", PodUID: "a", Pod: "web-a", Ready: true})
	assert.Equal(t, "web", m.only(targets))
	m.add(0, event.EndpointObserved{Service: "headless", PodUID: "a", Pod: "web-a", Ready: true})
	assert.Empty(t, m.only(targets), "it cannot be told which")
}
