package inject

import (
	"context"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

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
	// Number counts the repetitions of the fault, from 0.
	Number int
	// Lasts is how long the fault stays: its own duration, or what is left of the fault window.
	Lasts time.Duration
	// Now is the time of the plan, by which ages are counted.
	Now time.Time
}

// View is what a fault may read. Lists may be shared with other faults, and are not to be changed.
type View interface {
	Pods(ctx context.Context, namespace string, selector labels.Selector) ([]*cluster.Pod, error)
	PodsOnNode(ctx context.Context, node string) ([]*cluster.Pod, error)
	Nodes(ctx context.Context) ([]corev1.Node, error)
	ConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error)
	// Secret reads a Secret, whose values must not be shown (G18).
	Secret(ctx context.Context, namespace, name string) (*corev1.Secret, error)
	Services(ctx context.Context, namespace string) ([]corev1.Service, error)
	Workloads(ctx context.Context, namespace string) ([]*cluster.Workload, error)
	Autoscalers(ctx context.Context, w *cluster.Workload) ([]autoscalingv2.HorizontalPodAutoscaler, error)
	// Served finds a kind as people or manifests write it; the error is a [cluster.UnservedError] where there is none.
	Served(kind string) (cluster.Served, error)
	// Object reads an object of any kind.
	Object(ctx context.Context, resource schema.GroupVersionResource, namespace, name string) (*unstructured.Unstructured, error)
}

// Definition is a fault's entry in the registry; its example is one or more entries of spec.faults.
type Definition = experiment.Definition[Fault]

var registry experiment.Registry[Fault]

// Definitions lists all faults by name.
func Definitions() []Definition { return registry.Definitions() }

// Kinds is the registry as the language wants it.
func Kinds() experiment.Kinds { return registry.Kinds() }
