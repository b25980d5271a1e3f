package verdict

import (
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Expectation is the parameters of one expectation, and knows how to judge it.
type Expectation interface {
	Judge(f *Facts) Judgement
}

// SteadyBound is what an expectation can ask of the baseline: a share of successful requests of a load.
type SteadyBound interface {
	SteadyAvailability() (load string, atLeast experiment.Percent)
}

// SteadyProbe is what an expectation can ask of the baseline: a share of the checks of a probe that must hold.
type SteadyProbe interface {
	// SteadyChecks gives the name of the probe, which is empty where the expectation does not speak of the baseline.
	SteadyChecks() (probe string, atLeast experiment.Percent)
}

// The registries. Examples are one or more entries of spec.expect, or of spec.abortIf.
var (
	expectations experiment.Registry[Expectation]
	aborts       experiment.Registry[AbortCondition]
)

// Expectations is the registry of expectations as the language wants it.
func Expectations() experiment.Kinds { return expectations.Kinds() }

// Aborts is the registry of abort conditions as the language wants it.
func Aborts() experiment.Kinds { return aborts.Kinds() }

// ExpectationDefinitions lists all expectations by name.
func ExpectationDefinitions() []experiment.Definition[Expectation] { return expectations.Definitions() }

// AbortDefinitions lists all abort conditions by name.
func AbortDefinitions() []experiment.Definition[AbortCondition] { return aborts.Definitions() }

// requests finds the requests of a load in a window, or says why nothing can be judged.
func requests(f *Facts, load string, window Window) (Requests, *Load, string) {
	l := f.Loads[load]
	if l == nil {
		return Requests{}, nil, "the stream " + load + " never began"
	}
	r := l.Requests[window]
	switch {
	case r.Total == 0:
		return r, l, "no request was made in this window"
	case l.Starved:
		return r, l, "the load generator could not keep its rate, so its figures say little about the service"
	}
	return r, l, ""
}
