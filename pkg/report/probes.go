package report

import (
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// probes is the fold over the checks of each probe.
type probes struct {
	byName  map[string]*ProbeResult
	order   []*ProbeResult
	records map[string]*verdict.ProbeRecord
}

func newProbes() *probes {
	return &probes{byName: map[string]*ProbeResult{}, records: map[string]*verdict.ProbeRecord{}}
}

func (p *probes) add(at event.Instant, c event.ProbeChecked) {
	r := p.byName[c.Name]
	if r == nil {
		r = &ProbeResult{Name: c.Name}
		p.byName[c.Name] = r
		p.order = append(p.order, r)
		p.records[c.Name] = &verdict.ProbeRecord{}
	}
	r.Checks++
	switch {
	case c.Unknown:
		r.Unknown++
	case !c.OK:
		r.Failures++
	}
	if c.Message == r.LastMessage {
		c.Message = r.LastMessage // of the many that are equal, one is kept
	}
	if c.Message != "" {
		r.LastMessage = c.Message
	}
	record := p.records[c.Name]
	record.Checks = append(record.Checks, verdict.CheckOf(c, at))
}

// results are those of the probes, with what the experiment says of each.
func (p *probes) results(spec *experiment.Spec) []ProbeResult {
	modes, expected := map[string]experiment.ProbeMode{}, map[string]bool{}
	for _, probe := range spec.Probes {
		modes[probe.Name] = probe.Mode
	}
	for _, x := range spec.Expect {
		if holds, ok := x.Params.(*verdict.ProbeHolds); ok {
			expected[holds.Name] = true
		}
	}
	for _, a := range spec.AbortIf {
		if condition, ok := a.Params.(*verdict.AbortProbe); ok {
			expected[condition.Probe] = true
		}
	}
	var all []ProbeResult
	for _, r := range p.order {
		result := *r
		result.Mode = string(modes[r.Name])
		result.Judged = modes[r.Name] != experiment.ProbeWatch || expected[r.Name]
		all = append(all, result)
	}
	return all
}

// Words say when the probe was checked, and whether anything depends on that.
func (p ProbeResult) Words() string {
	if p.Judged {
		return p.Mode
	}
	return p.Mode + ", not judged"
}
