package probe

import (
	"context"
	"errors"
	"fmt"

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

// Definition is a probe's entry in the registry; its example is one or more entries of spec.probes.
type Definition = experiment.Definition[Probe]

var registry experiment.Registry[Probe]

// Definitions lists all probes by name.
func Definitions() []Definition { return registry.Definitions() }

// Kinds is the registry as the language wants it.
func Kinds() experiment.Kinds { return registry.Kinds() }
