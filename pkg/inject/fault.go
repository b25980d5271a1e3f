package inject

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// Fault is the parameters of one fault, and knows what to do with them.
type Fault interface {
	// Plan lists the changes that make the fault, in order. It is called again for each repetition, since the world
	// has moved. The same scope gives the same plan.
	Plan(ctx context.Context, s Scope) ([]Change, error)
}

// Scope is what a fault plans for.
type Scope struct {
	View
	// Workload is the target as it is now.
	Workload *cluster.Workload
	Guard    experiment.Guard
	Draw     target.Draw
	// Now is the time of the plan, by which ages are counted.
	Now time.Time
}

// View is what a fault may read.
type View interface {
	Pods(ctx context.Context, namespace string, selector labels.Selector) ([]corev1.Pod, error)
	PodsOnNode(ctx context.Context, node string) ([]corev1.Pod, error)
	Nodes(ctx context.Context) ([]corev1.Node, error)
	ConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error)
	Workloads(ctx context.Context, namespace string) ([]*cluster.Workload, error)
}

// Definition is a fault's entry in the registry.
type Definition struct {
	Name string
	// Summary is one sentence for lists.
	Summary string
	// Example is one or more entries of spec.faults.
	Example string
	// New gives the parameters with their defaults.
	New func() Fault
}

// registry is filled while the package is initialised, and never changed afterwards.
var registry = map[string]Definition{}

// register is called by each fault's file; its result lets that be an initialisation of a variable.
func register(d Definition) Definition {
	if _, taken := registry[d.Name]; taken {
		panic(fmt.Sprintf("two faults have the name %s", d.Name))
	}
	registry[d.Name] = d
	return d
}

// Definitions lists all faults by name.
func Definitions() []Definition {
	var all []Definition
	for _, name := range slices.Sorted(maps.Keys(registry)) {
		all = append(all, registry[name])
	}
	return all
}

// Kinds is the registry as the language wants it.
func Kinds() experiment.Kinds {
	kinds := experiment.Kinds{}
	for name, d := range registry {
		kinds[name] = func() any { return d.New() }
	}
	return kinds
}
