package verdict

import (
	"fmt"
	"math"
	"slices"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Asserted judges the probes that must hold by themselves. One that did not before the first fault is unknown: there was no
// fault then, and nothing was tested.
func Asserted(probes []experiment.Probe, f *Facts) []Judgement {
	var all []Judgement
	for _, p := range probes {
		if p.Mode.AssertsStart() {
			all = append(all, atStart(p.Name, f.Probes[p.Name]))
		}
		if p.Mode.AssertsEnd() {
			all = append(all, atEnd(p.Name, f.Probes[p.Name]))
		}
	}
	return all
}

func atStart(name string, record *ProbeRecord) Judgement {
	j := Judgement{Name: "probe " + name, Window: Steady, Bound: "each check before the first fault", Outcome: Unknown, Observed: "nothing", Why: "no check was made before the first fault"}
	c := asserting(record, event.Before)
	if len(c.all) == 0 {
		return j
	}
	held := len(c.all) - c.failed - c.unknown
	j.Observed, j.Resolution = fmt.Sprintf("%d of %s held", held, plural(len(c.all), "check")), percent(1/float64(len(c.all)))
	switch {
	case c.failed > 0:
		j.Why = "it did not hold: " + c.lastFailed
	case c.unknown > 0:
		j.Why = "it could not measure: " + c.lastUnknown
	default:
		j.Outcome, j.Why = Pass, "it held each time"
	}
	return j
}

func atEnd(name string, record *ProbeRecord) Judgement {
	j := Judgement{Name: "probe " + name + " at the end", Window: Run, Bound: "holding", Outcome: Unknown, Observed: "nothing", Why: "the run did not come to its end"}
	c := asserting(record, event.After)
	switch {
	case len(c.all) == 0:
	case c.failed > 0:
		j.Outcome, j.Observed, j.Why = Fail, "failing", c.lastFailed
	case c.unknown > 0:
		j.Why = "it could not measure: " + c.lastUnknown
	default:
		j.Outcome, j.Observed, j.Why = Pass, "holding", "in one check, after the recovery"
	}
	return j
}

// asserting are the checks of a moment.
func asserting(record *ProbeRecord, moment event.Moment) checks {
	if record == nil {
		return checks{}
	}
	of := slices.DeleteFunc(slices.Clone(record.Checks), func(c Check) bool { return c.Moment != moment })
	return newChecks(of, Span{Start: math.MinInt64, End: math.MaxInt64})
}
