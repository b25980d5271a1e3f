package verdict

import (
	"fmt"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = expectations.Add(experiment.Definition[Expectation]{
	Name: "probe", Summary: "The checks of a probe that hold, and how long it may not.",
	Example: `
- probe: {name: home}
- probe: {name: home, atLeast: 95%, during: fault}
- probe: {name: home, maxOutage: 5s}
`,
	New: func() Expectation { return &ProbeHolds{During: Run} },
})

// ProbeHolds expects that the checks of a probe hold: each of them, where nothing else is said; a share of them; or again
// after a time. A check that could not measure counts as one that may have failed, and as one that may have held: where it
// depends on that, the expectation is unknown.
//
// A probe is looked at from time to time, and nobody knows what was in between. So n checks that all held support no share
// above 1 - 1/n, which one more failure would have made of them; and an outage is known to have lasted at least from the first
// to the last of the checks that failed in a row, and at most from the check that held before to the one that held after.
// It fails where it is too long at the least, passes where it is not at the most, and is unknown in between: shorter
// intervals tell.
type ProbeHolds struct {
	// Name is that of a probe, one that is checked during the whole run (mode: watch).
	Name string `json:"name"`
	// AtLeast is the share of checks that must hold, which is less than 100%: to leave it out asks that each does.
	AtLeast *experiment.Percent `json:"atLeast,omitempty"`
	// MaxOutage is the longest time that the probe may not hold.
	MaxOutage *experiment.Duration `json:"maxOutage,omitempty" form:"positive"`
	// During is the window; run unless told otherwise.
	During Window `json:"during"`
}

// Check refuses a probe that does not exist, or is not checked all the time, and bounds that no number of checks supports.
func (p *ProbeHolds) Check(c *experiment.Check) {
	checkWatched(c, p.Name)
	if p.AtLeast != nil && *p.AtLeast >= 1 {
		c.Fail("atLeast", "no number of checks supports %s: leave the field out, so that each check must hold", p.AtLeast)
	}
	if p.MaxOutage != nil && *p.MaxOutage <= 0 {
		c.Fail("maxOutage", "%s is too short: expected more than zero", p.MaxOutage)
	}
}

// checkWatched refuses a probe that does not exist, or is not checked during the whole run.
func checkWatched(c *experiment.Check, name string) {
	if !c.Probe("name", name) {
		return
	}
	for _, probe := range c.Experiment().Spec.Probes {
		if probe.Name == name && probe.Mode != experiment.ProbeWatch {
			c.Fail("name", "the probe %s is not checked during the whole run, and must hold by itself (mode: %s): expected one with mode: %s", name, probe.Mode, experiment.ProbeWatch)
		}
	}
}

// leastSteady is the share of a baseline's checks that must hold where only outages are bounded.
const leastSteady experiment.Percent = 0.5

// SteadyChecks asks as much of the baseline as of the run that it is part of.
func (p *ProbeHolds) SteadyChecks() (string, experiment.Percent) {
	switch {
	case p.During != Run && p.During != Steady:
		return "", 0
	case p.AtLeast != nil:
		return p.Name, *p.AtLeast
	case p.MaxOutage != nil:
		return p.Name, leastSteady
	}
	return p.Name, 1
}

// Judge looks at the checks that began in the window.
func (p *ProbeHolds) Judge(f *Facts) Judgement {
	j := Judgement{Name: "probe " + p.Name, Window: p.During, Bound: p.bound(), Outcome: Unknown, Observed: "nothing"}
	window, began := f.Windows[p.During]
	record := f.Probes[p.Name]
	switch {
	case record == nil:
		j.Why = "the probe was never checked"
		return j
	case !began:
		j.Why = fmt.Sprintf("the run did not come to its window %s", p.During)
		return j
	}
	checks := newChecks(record.Checks, window)
	switch {
	case len(checks.all) == 0:
		j.Why = "no check of the probe was made in this window"
		return j
	case checks.unknown == len(checks.all):
		j.Why = fmt.Sprintf("none of %s could measure: %s", plural(len(checks.all), "check"), checks.lastUnknown)
		return j
	}
	j.Outcome = Pass
	var observed, resolution, why []string
	add := func(outcome Outcome, seen, finest, reason string) {
		j.Outcome = Worse(j.Outcome, outcome)
		observed, resolution, why = append(observed, seen), append(resolution, finest), append(why, reason)
	}
	if p.AtLeast != nil || p.MaxOutage == nil {
		add(p.judgeShare(checks))
	}
	if p.MaxOutage != nil {
		add(p.judgeOutage(checks, window, p.During == Run || f.Windows[Run].End == window.End))
	}
	j.Observed, j.Resolution, j.Why = strings.Join(observed, ", "), strings.Join(resolution, ", "), strings.Join(why, "; ")
	return j
}

func (p *ProbeHolds) bound() string {
	var bounds []string
	if p.AtLeast != nil {
		bounds = append(bounds, "at least "+p.AtLeast.String()+" of the checks")
	}
	if p.MaxOutage != nil {
		bounds = append(bounds, "no outage above "+p.MaxOutage.String())
	}
	if len(bounds) == 0 {
		return "each check"
	}
	return strings.Join(bounds, ", ")
}

// judgeShare counts the checks. One that could not measure is taken for the better where it is asked whether the bound is
// missed for sure, and for the worse where it is asked whether it is met.
func (p *ProbeHolds) judgeShare(c checks) (outcome Outcome, observed, resolution, why string) {
	all := len(c.all)
	held := all - c.failed - c.unknown
	observed, resolution = fmt.Sprintf("%s of %s", percent(float64(held)/float64(all)), plural(all, "check")), percent(1/float64(all))
	allowed, fine := 0, true
	if p.AtLeast != nil {
		allowed = int(AllowedFailures(*p.AtLeast, uint64(all)))
		fine = allowed > 0
	}
	told := fmt.Sprintf("%d of %s failed", c.failed, plural(all, "check"))
	switch {
	case c.failed > allowed:
		return Fail, observed, resolution, fmt.Sprintf("%s, where %d may: %s", told, allowed, c.lastFailed)
	case c.failed+c.unknown > allowed:
		return Unknown, observed, resolution, fmt.Sprintf("%s and %d could not measure, where %d may fail: %s", told, c.unknown, allowed, c.lastUnknown)
	case !fine:
		return Unknown, observed, resolution, fmt.Sprintf("%s that held support no more than %s: shorten the interval of the probe, or make the window longer", plural(all, "check"), percent(1-1/float64(all)))
	}
	return Pass, observed, resolution, told
}

// judgeOutage compares the longest outage with the bound: what it took at the least, and what it can have taken.
func (p *ProbeHolds) judgeOutage(c checks, window Span, untilEnd bool) (outcome Outcome, observed, resolution, why string) {
	least, most := c.outage(window)
	spacing := c.spacing(window)
	resolution, observed = round(spacing), "no outage"
	if c.failed > 0 {
		observed = fmt.Sprintf("outage of %s to %s", round(least), round(most))
	}
	bound := p.MaxOutage.Std()
	last := c.all[len(c.all)-1]
	switch {
	case least > bound:
		return Fail, observed, resolution, fmt.Sprintf("checks failed for %s at the least: %s", round(least), c.lastFailed)
	case untilEnd && !last.Held && !last.Unknown:
		return Unknown, observed, resolution, "the run ended in the middle of an outage, so how long it would have lasted is not known: " + last.Message
	case most > bound && c.failed == 0 && c.unknown == 0:
		return Unknown, observed, resolution, fmt.Sprintf("no check failed, but checks are up to %s apart, so that an outage of %s can go unseen: shorten the interval of the probe", round(most), p.MaxOutage)
	case most > bound && c.unknown > 0:
		return Unknown, observed, resolution, fmt.Sprintf("there were up to %s between two checks that held, and %d of %s could not measure: %s", round(most), c.unknown, plural(len(c.all), "check"), c.lastUnknown)
	case most > bound:
		return Unknown, observed, resolution, fmt.Sprintf("there were up to %s between two checks that held, and no more than %s of them are known to have failed: shorten the interval of the probe", round(most), round(least))
	}
	return Pass, observed, resolution, fmt.Sprintf("no two checks that held are further apart than %s", round(most))
}
