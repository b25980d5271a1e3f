package doctor

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/pkg/experiment"
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
		}
	}
	return findings
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
func enough(e *experiment.Experiment, load string, window verdict.Window, what string, needed float64) []Finding {
	rate, length, open := rateOf(e, load), lengthOf(&e.Spec, window), window == verdict.Recovery || window == verdict.Run
	if will := rate * length.Seconds(); rate == 0 || will >= needed-1e-6 {
		return nil
	}
	f := Finding{Check: "resolution", Level: Problem}
	if math.IsInf(needed, 1) {
		f.Message = fmt.Sprintf("no number of requests supports %s (expect on %s)", what, load)
		f.Mend = "ask for a bound below 100%"
		return []Finding{f}
	}
	atLeast := ""
	if open {
		f.Level, atLeast = Warning, "at least "
	}
	f.Message = fmt.Sprintf("%s of %s in the window %s takes %.0f requests; %g/s for %s%s are %.0f", what, load, window, math.Ceil(needed-1e-6), rate, atLeast, length, rate*length.Seconds())
	f.Mend = fmt.Sprintf("raise the rate to %.0f/s, or make the window %s long", math.Ceil(needed/length.Seconds()-1e-6), seconds(needed/rate))
	return []Finding{f}
}

func spacing(e *experiment.Experiment, o *verdict.LongestOutage) []Finding {
	rate := rateOf(e, o.Of)
	i := slices.IndexFunc(e.Spec.Load, func(l experiment.Load) bool { return l.Name == o.Of })
	if rate == 0 || i < 0 {
		return nil
	}
	streams := 1.0
	if e.Spec.Load[i].Connections == experiment.Both {
		streams = 2
	}
	apart := time.Duration(float64(time.Second) * streams / rate)
	if apart <= o.Longest.Std() {
		return nil
	}
	return []Finding{{
		Check: "resolution", Level: Problem, Message: fmt.Sprintf("requests of each stream of %s come %s apart, so an outage of %s can go unseen", o.Of, apart, o.Longest),
		Mend: fmt.Sprintf("raise the rate to %.0f/s", math.Ceil(streams/o.Longest.Std().Seconds()-1e-6)),
	}}
}

func rateOf(e *experiment.Experiment, load string) float64 {
	for _, l := range e.Spec.Load {
		if l.Name == load {
			return l.Rate.PerSecond
		}
	}
	return 0
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
