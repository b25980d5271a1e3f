package report

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// checkedAt are checks of which each took a tenth of a second: + held, - failed, ? could not measure.
func checkedAt(found string, seconds ...float64) []verdict.Check {
	var all []verdict.Check
	for i, s := range seconds {
		c := event.ProbeChecked{OK: found[i] == '+', Unknown: found[i] == '?', Seconds: 0.1}
		if !c.OK {
			c.Message = "why"
		}
		all = append(all, verdict.CheckOf(c, at(s)))
	}
	return all
}

func TestProbeSegments(t *testing.T) {
	for name, c := range map[string]struct {
		checks []verdict.Check
		want   []ProbeSegment
	}{
		"nothing": {nil, nil},
		"one":     {checkedAt("+", 1), []ProbeSegment{{"held", at(0.9), at(1), 1, ""}}},
		"until the next that found something else began": {
			checkedAt("++--+", 1, 2, 3, 4, 5),
			[]ProbeSegment{{"held", at(0.9), at(2.9), 2, ""}, {"failed", at(2.9), at(4.9), 2, "why"}, {"held", at(4.9), at(5), 1, ""}},
		},
		"could not measure": {
			checkedAt("+?+", 1, 2, 3),
			[]ProbeSegment{{"held", at(0.9), at(1.9), 1, ""}, {"unknown", at(1.9), at(2.9), 1, "why"}, {"held", at(2.9), at(3), 1, ""}},
		},
		"late by an interval": {checkedAt("++", 1, 3), []ProbeSegment{{"held", at(0.9), at(3), 2, ""}}},
		"nobody looked":       {checkedAt("++", 1, 9), []ProbeSegment{{"held", at(0.9), at(1), 1, ""}, {"held", at(8.9), at(9), 1, ""}}},
		"before the start":    {checkedAt("+", 0.05), []ProbeSegment{{"held", 0, at(0.05), 1, ""}}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, segments(c.checks, time.Second)) })
	}
}

func TestBuildProbeLanes(t *testing.T) {
	s := probed(t, "", "")
	s.add(1, event.ProbeChecked{Name: "up", OK: true})
	s.add(2, event.ProbeChecked{Name: "up", Message: "the answer was 503"})
	s.add(3, event.ProbeChecked{Name: "up", OK: true})
	m := s.end("", "")
	require.Len(t, m.ProbeLanes, 2)
	assert.Equal(t, []string{"ready", "up"}, []string{m.ProbeLanes[0].Name, m.ProbeLanes[1].Name})
	assert.Equal(t, "held in every check", m.ProbeLanes[0].Words())
	assert.Equal(t, "failed from 2.00 s to 3.00 s, 1 check", m.ProbeLanes[1].Words())
}

// TestProbeLanesAreDrawn: a failure is drawn over what held, and seen however short it was; what it says is escaped.
func TestProbeLanesAreDrawn(t *testing.T) {
	const evil = `</title><script>alert(1)</script>`
	m := passingKill()
	m.ProbeLanes = []ProbeLane{{Name: evil, Segments: segments(checkedAt("++-++?", 1, 5, 5.001, 5.1, 6, 7), 4*time.Second)}}
	m.ProbeLanes[0].Segments[1].Message = evil
	page := string(render(t, m))
	assert.NotContains(t, page, "<script")
	for _, f := range []frame{wideFrame, narrowFrame} {
		picture := string(drawTimeline(m, details[0], f, wholeRun(m), "run"))
		held, failed := strings.LastIndex(picture, `"check check-held"`), strings.Index(picture, `"check check-failed"`)
		assert.Positive(t, held, f.name)
		assert.Greater(t, failed, held, "%s: what held hides what did not", f.name)
		assert.Contains(t, picture, `"check check-unknown"`, f.name)
	}
	assert.Contains(t, page, "Probes in words")
	assert.Contains(t, page, "did not hold</span>")
}

// TestProbeLanesAreBounded: of too many, those are shown that found something.
func TestProbeLanesAreBounded(t *testing.T) {
	m := passingKill()
	m.ProbeLanes = nil
	for range details[0].lanes {
		m.ProbeLanes = append(m.ProbeLanes, ProbeLane{Name: "quiet", Segments: segments(checkedAt("+", 1), time.Second)})
	}
	m.ProbeLanes = append(m.ProbeLanes, ProbeLane{Name: "down", Segments: segments(checkedAt("-", 1), time.Second)})
	picture := string(drawTimeline(m, details[0], wideFrame, wholeRun(m), "run"))
	assert.Contains(t, picture, ">down<")
	assert.Equal(t, details[0].lanes-1, strings.Count(picture, ">quiet<"))
	assert.Contains(t, picture, "and 1 more probe")
}
