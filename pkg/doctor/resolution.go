package doctor

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// resolution finds expectations that the load is too thin to judge, so that a perfect run would still be unknown.
func resolution(e *experiment.Experiment) []Finding {
	var findings []Finding
	for _, x := range e.Spec.Expect {
		switch x := x.Params.(type) {
		case *verdict.Availability:
			// The rule of three: n requests without a failure support no more than 1 - 3/n.
			what := fmt.Sprintf("an availability of %s", x.AtLeast)
			findings = append(findings, enough(e, x.Of, x.During, what, 3/(1-float64(x.AtLeast)))...)
		case *verdict.Latency:
			findings = append(findings, percentiles(e, x)...)
		case *verdict.LongestOutage:
			findings = append(findings, spacing(e, x)...)
		case *verdict.ProbeHolds:
			findings = append(findings, checks(e, x)...)
		}
	}
	return append(findings, unjudged(e)...)
}

// beyond is how many requests must lie above a percentile for it to be known.
const beyond = 5

func percentiles(e *experiment.Experiment, l *verdict.Latency) []Finding {
	var findings []Finding
	for _, p := range []struct {
		name  string
		limit *experiment.Duration
		above float64
	}{{"p50", l.P50, 0.5}, {"p90", l.P90, 0.1}, {"p99", l.P99, 0.01}, {"p99.9", l.P999, 0.001}} {
		if p.limit != nil {
			findings = append(findings, enough(e, l.Of, l.During, "the "+p.name, beyond/p.above)...)
		}
	}
	return findings
}

// enough compares how many requests a window will hold with how many are needed. The windows that last until the target
// has recovered may turn out longer.
func enough(e *experiment.Experiment, of string, window verdict.Window, what string, needed float64) []Finding {
	l := loadOf(e, of)
	if l == nil {
		return nil
	}
	length, open := lengthOf(&e.Spec, window), window == verdict.Recovery || window == verdict.Run
	will := requestsIn(l, &e.Spec, window)
	if will >= needed-1e-6 {
		return nil
	}
	f := Finding{Check: "resolution", Level: Problem}
	if math.IsInf(needed, 1) {
		f.Message = fmt.Sprintf("no number of requests supports %s (expect on %s)", what, of)
		f.Mend = "ask for a bound below 100%"
		return []Finding{f}
	}
	atLeast := ""
	if open {
		f.Level, atLeast = Warning, "at least "
	}
	f.Message = fmt.Sprintf("%s of %s in the window %s takes %.0f requests; %s for %s%s are %.0f", what, of, window, math.Ceil(needed-1e-6), l.Shape(), atLeast, length, will)
	if rate := l.Rate.PerSecond; l.Profile == nil {
		f.Mend = fmt.Sprintf("raise the rate to %.0f/s, or make the window %s long", math.Ceil(needed/length.Seconds()-1e-6), seconds(needed/rate))
	} else {
		f.Mend = fmt.Sprintf("raise the rates of the profile so that it sends %.0f more in this window, or make the window longer", math.Ceil(needed-will-1e-6))
	}
	return []Finding{f}
}

func spacing(e *experiment.Experiment, o *verdict.LongestOutage) []Finding {
	l := loadOf(e, o.Of)
	if l == nil {
		return nil
	}
	apart := load.ProfileOf(l.StreamShape()).Spacing(lengthOf(&e.Spec, verdict.Run))
	if apart <= o.Longest.Std() {
		return nil
	}
	lowest := "the rate"
	if l.Profile != nil {
		lowest = "the lowest rate of the profile"
	}
	return []Finding{{
		Check: "resolution", Level: Problem, Message: fmt.Sprintf("requests of each stream of %s come up to %s apart, so an outage of %s can go unseen", o.Of, apart, o.Longest),
		Mend: fmt.Sprintf("raise %s to %.0f/s", lowest, math.Ceil(float64(len(l.Streams()))/o.Longest.Std().Seconds()-1e-6)),
	}}
}

// loadOf is the load of that name, nil where it asks for nothing.
func loadOf(e *experiment.Experiment, name string) *experiment.Load {
	i := slices.IndexFunc(e.Spec.Load, func(l experiment.Load) bool { return l.Name == name })
	if i < 0 || load.ProfileOf(e.Spec.Load[i].Shape()).Peak() == 0 {
		return nil
	}
	return &e.Spec.Load[i]
}

// requestsIn is how many requests of a load a window has at the least.
func requestsIn(l *experiment.Load, s *experiment.Spec, window verdict.Window) float64 {
	var start time.Duration
	switch window {
	case verdict.Fault:
		start = s.Steady.For.Std()
	case verdict.Recovery:
		start = s.Steady.For.Std() + s.FaultWindow()
	}
	profile := load.ProfileOf(l.Shape())
	return profile.Requests(start+lengthOf(s, window)) - profile.Requests(start)
}

// lengthOf is how long a window lasts at the least.
func lengthOf(s *experiment.Spec, window verdict.Window) time.Duration {
	switch window {
	case verdict.Steady:
		return s.Steady.For.Std()
	case verdict.Fault:
		return s.FaultWindow()
	case verdict.Recovery:
		return s.Recovery.StableFor.Std()
	}
	return s.Steady.For.Std() + s.FaultWindow() + s.Recovery.StableFor.Std()
}

func seconds(s float64) time.Duration { return time.Duration(math.Ceil(s)) * time.Second }
