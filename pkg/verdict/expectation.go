package verdict

import (
	"fmt"
	"maps"
	"slices"

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

// Definition is an entry in one of the registries.
type Definition struct {
	Name    string
	Summary string
	// Example is one or more entries of spec.expect, or of spec.abortIf.
	Example string
	// New gives the parameters with their defaults.
	New func() any
}

// The registries are filled while the package is initialised, and never changed afterwards.
var (
	expectations = map[string]Definition{}
	aborts       = map[string]Definition{}
)

func register(registry map[string]Definition, d Definition) Definition {
	if _, taken := registry[d.Name]; taken {
		panic(fmt.Sprintf("two entries have the name %s", d.Name))
	}
	registry[d.Name] = d
	return d
}

// Expectations is the registry of expectations as the language wants it.
func Expectations() experiment.Kinds { return kinds(expectations) }

// Aborts is the registry of abort conditions as the language wants it.
func Aborts() experiment.Kinds { return kinds(aborts) }

func kinds(registry map[string]Definition) experiment.Kinds {
	all := experiment.Kinds{}
	for name, d := range registry {
		all[name] = d.New
	}
	return all
}

// ExpectationDefinitions lists all expectations by name.
func ExpectationDefinitions() []Definition { return sorted(expectations) }

// AbortDefinitions lists all abort conditions by name.
func AbortDefinitions() []Definition { return sorted(aborts) }

func sorted(registry map[string]Definition) []Definition {
	var all []Definition
	for _, name := range slices.Sorted(maps.Keys(registry)) {
		all = append(all, registry[name])
	}
	return all
}

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
