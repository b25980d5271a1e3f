package doctor

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// checks finds bounds that the checks of a probe are too few for, so that a perfect run would still be unknown.
func checks(e *experiment.Experiment, p *verdict.ProbeHolds) []Finding {
	i := slices.IndexFunc(e.Spec.Probes, func(probe experiment.Probe) bool { return probe.Name == p.Name })
	if i < 0 {
		return nil
	}
	interval := e.Spec.Probes[i].Interval
	var findings []Finding
	if p.AtLeast != nil {
		length := lengthOf(&e.Spec, p.During)
		needed, will := math.Ceil(1/(1-float64(*p.AtLeast))-1e-6), math.Ceil(length.Seconds()/interval.Std().Seconds()-1e-6)
		if will < needed {
			f := Finding{Check: "resolution", Level: Problem}
			atLeast := ""
			if p.During == verdict.Recovery || p.During == verdict.Run {
				f.Level, atLeast = Warning, "at least "
			}
			f.Message = fmt.Sprintf("%s of the checks of probe %s in the window %s takes %.0f checks; one each %s for %s%s are %.0f", p.AtLeast, p.Name, p.During, needed, interval, atLeast, length, will)
			f.Mend = fmt.Sprintf("set its interval to %s or less, or make the window longer", (length / time.Duration(needed)).Round(time.Millisecond))
			findings = append(findings, f)
		}
	}
	if p.MaxOutage != nil && *p.MaxOutage <= interval {
		findings = append(findings, Finding{
			Check: "resolution", Level: Problem, Message: fmt.Sprintf("probe %s is checked each %s, so an outage of %s can go unseen", p.Name, interval, p.MaxOutage),
			Mend: fmt.Sprintf("set its interval to %s or less", *p.MaxOutage/2),
		})
	}
	return findings
}

// unjudged finds probes on which the verdict does not depend.
func unjudged(e *experiment.Experiment) []Finding {
	expected := map[string]bool{}
	for _, x := range e.Spec.Expect {
		if p, ok := x.Params.(*verdict.ProbeHolds); ok {
			expected[p.Name] = true
		}
	}
	var findings []Finding
	for _, p := range e.Spec.Probes {
		if p.Mode == experiment.ProbeWatch && !expected[p.Name] {
			findings = append(findings, Finding{
				Check: "probes", Level: Warning, Message: fmt.Sprintf("probe %s is watched, and no expectation is about it: the verdict does not depend on it", p.Name),
				Mend: fmt.Sprintf("expect something of it, as by probe: {name: %s}, or let it hold by itself (mode: start, end or both)", p.Name),
			})
		}
	}
	return findings
}
