package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// answers is who answers while a is lost at 6 s, and c comes at 7.1 s.
func answers(seconds float64) string {
	turn := int(seconds*100) % 2
	switch {
	case seconds < 6:
		return []string{"web-a", "web-b"}[turn]
	case seconds < 7.1:
		return "web-b"
	}
	return []string{"web-b", "web-c"}[turn]
}

// TestBuildShares: each phase has the pods that were ready in it, and a load whose answers name nobody has none.
func TestBuildShares(t *testing.T) {
	s := newScripted(t, killExperiment)
	s.replaced()
	s.stream(answers)
	s.phases()
	m := s.end("", "")
	require.Len(t, m.Shares, 1)
	assert.Equal(t, "fresh", m.Shares[0].Connections)
	var seen []string
	for _, p := range m.Shares[0].Phases {
		for _, pod := range p.Pods {
			seen = append(seen, fmt.Sprintf("%s: %s %d of %.0f", p.Phase, pod.Pod, pod.Answered, pod.Equal))
		}
	}
	assert.Equal(t, []string{
		"steady: web-a 249 of 250", "steady: web-b 250 of 250",
		"fault: web-a 50 of 51", "fault: web-b 555 of 554", "fault: web-c 395 of 395",
		"recovery: web-b 250 of 250", "recovery: web-c 250 of 250",
	}, seen)

	for name, document := range map[string]string{
		"nobody is asked for a name": strings.Replace(killExperiment, ", podHeader: X-Pod", "", 1),
		"nobody has one":             killExperiment,
	} {
		s = newScripted(t, document)
		s.replaced()
		if name == "nobody has one" {
			s.stream(always("somebody-else"))
		} else {
			s.stream(answers)
		}
		s.phases()
		assert.Empty(t, s.end("", "").Shares, name)
	}
}

// shared are the shares of two pods before a fault, as two ways of connecting see them.
func shared(pod string) []StreamShares {
	of := func(connections string, first, second uint64) StreamShares {
		equal := float64(first+second) / 2
		return StreamShares{Name: "browse", Connections: connections, Phases: []PhaseShares{
			{event.Steady, verdict.Shares{Pods: []verdict.Share{{Pod: pod, Answered: first, Equal: equal, Ready: 1}, {Pod: "web-b", Answered: second, Equal: equal, Ready: 1}}}},
			{event.Fault, verdict.Shares{Pods: []verdict.Share{{Pod: "web-b", Answered: 3, Equal: 3, Ready: 1}}}},
		}}
	}
	return []StreamShares{of("fresh", 60, 40), of("reuse", 100, 0)}
}

func TestSharesAreShown(t *testing.T) {
	const evil = `</bdi><script>alert(1)</script>`
	m := passingKill()
	m.Shares = shared(evil)
	page := render(t, m)
	inert(t, page)
	for _, want := range []string{"Who answered", "before the fault", "during the fault", `60 % <span class="unit"><bdi>fresh`, `100 % <span class="unit"><bdi>reused`, `20 % <span class="unit"><bdi>fresh`, `0 % <span class="unit"><bdi>reused`, `– <span class="unit"><bdi>fresh`} {
		assert.Contains(t, string(page), want)
	}
	assert.Contains(t, string(page), `<path class="answered" d="M0 3H43.2V9H0z"/><path class="equal" d="M36 0V12"/>`)

	for i := range m.Shares {
		for p := range m.Shares[i].Phases {
			m.Shares[i].Phases[p].Pods = m.Shares[i].Phases[p].Pods[:1]
			m.Shares[i].Phases[p].Pods[0].Pod = "web-b"
		}
	}
	assert.NotContains(t, string(render(t, m)), "Who answered", "there is nothing to balance with one pod")
}

// TestSharesAreBounded: a page has as many pods as lanes.
func TestSharesAreBounded(t *testing.T) {
	m := passingKill()
	m.Shares = shared("web-a")
	for i := range 1000 {
		m.Shares[0].Phases[0].Pods = append(m.Shares[0].Phases[0].Pods, verdict.Share{Pod: fmt.Sprintf("web-%d", i), Answered: 1, Equal: 1})
	}
	page := string(render(t, m))
	assert.Contains(t, page, "and 972 more pods")
	assert.Less(t, len(page), longestPage)
}

func TestTenth(t *testing.T) {
	assert.Equal(t, []string{"0 %", "below 0.1 %", "33.3 %", "100 %"}, []string{tenth(0), tenth(0.0001), tenth(1. / 3), tenth(1)})
}
