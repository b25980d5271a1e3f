package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// probed is a run in which all is well, with two probes, one of which has more fields, and perhaps an expectation.
func probed(t *testing.T, more, expectation string) *scripted {
	t.Helper()
	document := strings.Replace(killExperiment, "  steady:", "  probes:\n  - {name: up, http: {url: 'http://shop/'}"+more+"}\n  - {name: ready, kubernetes: {resource: deployment/web, cel: 'true'}}\n  steady:", 1)
	s := newScripted(t, document+expectation)
	s.replaced()
	s.stream(always("web-c"))
	s.phases()
	s.add(1, event.ProbeChecked{Name: "ready", OK: true})
	return s
}

func TestBuildProbes(t *testing.T) {
	s := probed(t, "", "")
	s.add(1, event.ProbeChecked{Name: "up", OK: true})
	s.add(2, event.ProbeChecked{Name: "up", Message: "the answer was 503"})
	s.add(3, event.ProbeChecked{Name: "up", Unknown: true, Message: "no connection"})
	s.add(4, event.ProbeChecked{Name: "up", OK: true})
	m := s.end("", "")
	assert.Equal(t, []ProbeResult{
		{Name: "ready", Mode: "watch", Checks: 1},
		{Name: "up", Mode: "watch", Checks: 4, Failures: 1, Unknown: 1, LastMessage: "no connection"},
	}, m.Probes)
	assert.Equal(t, Unknown, m.Verdict)
	assert.Equal(t, []string{"probe up could not measure 1 of 4 times: no connection"}, m.Reasons)
}

func TestBuildProbeThatWasNeverChecked(t *testing.T) {
	m := probed(t, "", "").end("", "")
	assert.Equal(t, Unknown, m.Verdict)
	assert.Equal(t, []string{"probe up was never checked"}, m.Reasons)
}

// TestBuildJudgesProbes: a probe that fails changes the verdict where an expectation or its mode says so, and is told where
// none does.
func TestBuildJudgesProbes(t *testing.T) {
	const unjudged = "Probe up did not hold in 1 of 2 checks, and the verdict does not depend on it: no expectation is about it."
	after := event.ProbeChecked{Name: "up", Message: "the answer was 503", Moment: event.After}
	start := event.ProbeChecked{Name: "up", OK: true, Moment: event.Before}
	for name, c := range map[string]struct {
		more, expectation string
		checks            []event.ProbeChecked
		want              Verdict
		reason, limit     string
	}{
		"nobody expects it":   {"", "", []event.ProbeChecked{{Name: "up", OK: true}, {Name: "up", Message: "the answer was 503"}}, Pass, "all 4 expectations held", unjudged},
		"expected":            {"", "  - probe: {name: up}\n", []event.ProbeChecked{{Name: "up", OK: true}, {Name: "up", Message: "the answer was 503"}}, Fail, "probe up was 50 % of 2 checks, expected each check: 1 of 2 checks failed, where 0 may: the answer was 503", ""},
		"expected, and is so": {"", "  - probe: {name: up}\n", []event.ProbeChecked{{Name: "up", OK: true}}, Pass, "all 5 expectations held", ""},
		"at the end":          {", mode: end", "", []event.ProbeChecked{after}, Fail, "probe up at the end was failing, expected holding: the answer was 503", ""},
		"both":                {", mode: both", "", []event.ProbeChecked{start, after}, Fail, "the answer was 503", ""},
		"both, no end":        {", mode: both", "", []event.ProbeChecked{start}, Unknown, "probe up at the end was nothing", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := probed(t, c.more, c.expectation)
			for i, check := range c.checks {
				at := 2 + float64(i)
				if check.Moment == event.After {
					at = 20.05
				}
				s.add(at, check)
			}
			m := s.end("", "")
			assert.Equal(t, c.want, m.Verdict, "%v", m.Reasons)
			assert.Contains(t, m.Reasons[0], c.reason)
			if c.limit == "" {
				assert.NotContains(t, strings.Join(limits(m), "\n"), "does not depend")
			} else {
				assert.Contains(t, limits(m), unbroken(c.limit))
			}
		})
	}
}

// TestProbesAreShown: in the page, the summary and the text of a terminal, and as a test case of its own.
func TestProbesAreShown(t *testing.T) {
	s := probed(t, ", mode: end", "  - probe: {name: ready, maxOutage: 20s}\n")
	s.add(20.05, event.ProbeChecked{Name: "up", Message: "the answer was 503", Moment: event.After})
	m := s.end("", "")
	for name, write := range map[string]func(*bytes.Buffer) error{
		"page":     func(b *bytes.Buffer) error { return WriteHTML(b, m) },
		"summary":  func(b *bytes.Buffer) error { return WriteMarkdown(b, m) },
		"terminal": func(b *bytes.Buffer) error { return WriteText(b, &m.Result, Style{}) },
		"junit":    func(b *bytes.Buffer) error { return WriteJUnit(b, &m.Result) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, write(&out))
			assert.Contains(t, out.String(), "probe up at the end")
			assert.Contains(t, out.String(), "probe ready")
			assert.Contains(t, out.String(), "the answer was 503")
		})
	}
}
