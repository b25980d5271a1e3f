package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// ProbeLane is what a probe found over time.
type ProbeLane struct {
	Name     string
	Segments []ProbeSegment
}

// ProbeSegment is a span in which all checks of a probe found the same.
type ProbeSegment struct {
	// State is held, failed or unknown: that it could not be measured.
	State      string
	Start, End event.Instant
	Checks     int
	// Message is that of the first check which has one.
	Message string
}

// lanes are those of the probes, in the order of their first checks.
//
// A state is drawn from the check that found it to the next check, since nobody has looked in between. Where no check came when one
// was due, as between the start and the end for a probe that is checked only there, nothing is known, and nothing is drawn.
func (p *probes) lanes(spec *experiment.Spec) []ProbeLane {
	intervals := map[string]time.Duration{}
	for _, probe := range spec.Probes {
		intervals[probe.Name] = probe.Interval.Std()
	}
	var all []ProbeLane
	for _, r := range p.order {
		all = append(all, ProbeLane{Name: r.Name, Segments: segments(p.records[r.Name].Checks, intervals[r.Name])})
	}
	return all
}

func segments(checks []verdict.Check, interval time.Duration) []ProbeSegment {
	var all []ProbeSegment
	for i, c := range checks {
		// One that is late by an interval may have waited for the machine; one that is later was not due.
		end, due := c.End, c.End.Add(2*interval)
		if i+1 < len(checks) && checks[i+1].Start <= due {
			end = max(end, checks[i+1].Start)
		}
		n := len(all) - 1
		if n < 0 || all[n].State != checkState(c) || all[n].End < c.Start {
			all = append(all, ProbeSegment{State: checkState(c), Start: max(c.Start, 0)})
			n++
		}
		all[n].End = end
		all[n].Checks++
		all[n].Message = orElse(all[n].Message, c.Message)
	}
	return all
}

func checkState(c verdict.Check) string {
	switch {
	case c.Unknown:
		return "unknown"
	case c.Held:
		return "held"
	}
	return "failed"
}

// eventful says whether a probe ever found anything else than that its condition held.
func (l ProbeLane) eventful() bool {
	return slices.ContainsFunc(l.Segments, func(s ProbeSegment) bool { return s.State != "held" })
}

// Words is the lane as a sentence: when the probe did not hold.
func (l ProbeLane) Words() string {
	const most = 12
	var told []string
	for _, s := range l.Segments {
		if s.State == "held" {
			continue
		}
		if len(told) == most {
			told = append(told, "and more")
			break
		}
		told = append(told, s.words())
	}
	if len(told) == 0 {
		return "held in every check"
	}
	return strings.Join(told, "; ")
}

func (s ProbeSegment) words() string {
	return s.State + " from " + offset(s.Start.Seconds()) + " to " + offset(s.End.Seconds()) + ", " + plural(s.Checks, "check")
}

// shownProbes are as many lanes as there is room for, those first in which something happened.
func (m *Model) shownProbes(most int) []ProbeLane {
	sorted := slices.Clone(m.ProbeLanes)
	if len(sorted) > most {
		slices.SortStableFunc(sorted, func(a, b ProbeLane) int { return cmp.Compare(rank(a), rank(b)) })
	}
	return sorted[:min(len(sorted), most)]
}

func rank(l ProbeLane) int {
	if l.eventful() {
		return 0
	}
	return 1
}

// ShownProbeLanes are the lanes of the picture.
func (p *page) ShownProbeLanes() []ProbeLane { return p.shownProbes(p.detail.lanes) }
