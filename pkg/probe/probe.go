package probe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Probe is the parameters of one probe, and knows how to check it.
type Probe interface {
	// Measure checks the condition once. Nil means that it holds. An error that wraps [ErrUnknown] means that nothing
	// could be measured, any other that the condition does not hold.
	Measure(ctx context.Context, w World) error
}

// ErrUnknown marks errors that say nothing about the condition: the measurement itself failed.
var ErrUnknown = errors.New("unknown")

func unknown(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrUnknown, fmt.Errorf(format, args...))
}

// World is what a probe may look at.
type World interface {
	// Object reads an object of the target's namespace by kind/name, such as deployment/web.
	Object(ctx context.Context, reference string) (*unstructured.Unstructured, error)
}

// Definition is a probe's entry in the registry.
type Definition struct {
	Name    string
	Summary string
	// Example is one or more entries of spec.probes.
	Example string
	// New gives the parameters with their defaults.
	New func() Probe
}

// registry is filled while the package is initialised, and never changed afterwards.
var registry = map[string]Definition{}

func register(d Definition) Definition {
	if _, taken := registry[d.Name]; taken {
		panic(fmt.Sprintf("two probes have the name %s", d.Name))
	}
	registry[d.Name] = d
	return d
}

// Kinds is the registry as the language wants it.
func Kinds() experiment.Kinds {
	kinds := experiment.Kinds{}
	for name, d := range registry {
		kinds[name] = func() any { return d.New() }
	}
	return kinds
}

// Definitions lists all probes by name.
func Definitions() []Definition {
	var all []Definition
	for _, name := range slices.Sorted(maps.Keys(registry)) {
		all = append(all, registry[name])
	}
	return all
}
