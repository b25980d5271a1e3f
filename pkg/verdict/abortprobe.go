package verdict

import (
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = aborts.Add(experiment.Definition[AbortCondition]{
	Name: "probe", Summary: "Aborts when a probe has not held for a time.",
	Example: `
- probe: {name: home, failing: 10s}
`,
	New: func() AbortCondition { return &AbortProbe{} },
})

// AbortProbe aborts a run when the checks of a probe have failed for a time without one in between that held. The time is
// what is known for sure: from the end of the first of them to the beginning of the last. A check that could not measure
// says neither, so the time begins anew after it.
type AbortProbe struct {
	// Probe names a probe that is checked during the whole run (mode: watch).
	Probe string `json:"name"`
	// Failing is how long the probe may not hold. It is checked at its interval, so that it may take one more of that.
	Failing experiment.Duration `json:"failing" form:"positive"`
}

// Check refuses a probe that does not exist, or is not checked all the time.
func (a *AbortProbe) Check(c *experiment.Check) {
	checkWatched(c, a.Probe)
	if a.Failing <= 0 {
		c.Fail("failing", "%s is too short: expected more than zero", a.Failing)
	}
}

// Name says what is watched, and the bound.
func (a *AbortProbe) Name() string { return fmt.Sprintf("probe %s failing for %s", a.Probe, a.Failing) }

// Watched counts the checks of the probe that could measure.
func (a *AbortProbe) Watched(f *Facts) (n uint64, what, of string) {
	if record := f.Probes[a.Probe]; record != nil {
		for _, c := range record.Checks {
			if !c.Unknown {
				n++
			}
		}
	}
	return n, "check", a.Probe
}

// WatchChecks begins to evaluate.
func (a *AbortProbe) WatchChecks() CheckWatch { return &abortChecks{condition: a} }

// abortChecks knows since when checks have failed in a row.
type abortChecks struct {
	condition *AbortProbe
	failing   bool
	since     event.Instant
}

// Observe is called for every check.
func (w *abortChecks) Observe(probe string, c Check) string {
	switch {
	case probe != w.condition.Probe:
		return ""
	case c.Held || c.Unknown:
		w.failing = false
		return ""
	case !w.failing:
		w.failing, w.since = true, c.End
		return ""
	}
	known := c.Start.Sub(w.since)
	if known < w.condition.Failing.Std() {
		return ""
	}
	return fmt.Sprintf("the probe %s failed for %s at the least, where the run aborts after %s: %s", probe, round(known), w.condition.Failing, c.Message)
}
