package inject

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "manifest",
	Summary: "Creates an object of any kind in the target's namespace; it is deleted again.",
	Example: `
- name: tight-limits
  manifest:
    object:
      apiVersion: v1
      kind: LimitRange
      metadata: {name: tight}
      spec: {limits: [{type: Container, default: {memory: 8Mi}}]}
  for: 30s
- name: noisy-neighbour
  at: 1m
  manifest:
    object:
      apiVersion: batch/v1
      kind: Job
      metadata: {generateName: noisy-}
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
            - {name: spin, image: busybox, command: [sh, -c, "while :; do :; done"]}
    until: object.status.active == 1
`,
	New: func() Fault { return &Manifest{Timeout: experiment.Duration(30 * time.Second)} },
})

// Manifest creates an object: what no other fault does can be done so, as long as an object in the target's namespace brings
// it about. It goes with the fault, whatever has become of it; what it owns goes after it.
type Manifest struct {
	// Object is the manifest, as kubectl takes it: apiVersion, kind, metadata.name or metadata.generateName, and the rest. It
	// is created in the target's namespace. Kinds that are in none are refused, and so are Secrets with values in them,
	// since the text of an experiment is part of its reports.
	Object map[string]any `json:"object"`
	// Until is a CEL condition over `object`, such as "object.status.active == 1", that holds when the fault is in effect. Without
	// one, it is as soon as the object is there.
	Until string `json:"until,omitempty"`
	// Timeout is how long that may take; 30s unless told otherwise.
	Timeout experiment.Duration `json:"timeout" form:"positive"`
}

// Plan names the object, and creates it. That it is there already is for the engine to see.
func (f *Manifest) Plan(_ context.Context, s Scope) ([]Change, error) {
	o := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(f.Object)}
	found, err := s.served(f.kind(true), "so that the run's Lease could not own it, by which the cluster removes what comes about when the run is over",
		"create", "get", "delete", "list", "patch") // by the latter two its mark is found, and may be dropped
	if err != nil {
		return nil, err
	}
	if o.GetName() == "" {
		o.SetName(o.GetGenerateName() + drawn(s))
		o.SetGenerateName("")
	}
	o.SetNamespace(s.Workload.Namespace)
	text, err := o.MarshalJSON()
	if err != nil {
		return nil, err
	}
	what := "create it as given"
	if f.Until != "" {
		what += ", and wait until " + f.Until
	}
	return []Change{{
		ID: "create-" + strings.ToLower(found.Kind) + "-" + o.GetName(), What: what,
		Object: Object{Resource: found.Resource, Kind: found.Kind, Namespace: o.GetNamespace(), Name: o.GetName()},
		Create: &Create{Manifest: text, Until: f.Until, Timeout: f.Timeout.Std()},
	}}, nil
}

// Needs are those of creating the object, and deleting it; none where the kind cannot be told or has no namespace, which the
// plan refuses.
func (f *Manifest) Needs(s access.Scope) []access.Need {
	resource, namespaced, err := s.Kinds.Resource(f.kind(false))
	if err != nil || !namespaced {
		return nil
	}
	name, _ := f.text("metadata", "name")
	return creations(resource.WithVersion(""), s.Target.Namespace, name, "create the object")
}

// kind is that of the object with its group, and the version before that, as in Deployment.v1.apps.
func (f *Manifest) kind(version bool) string {
	kind, _ := f.text("kind")
	apiVersion, _ := f.text("apiVersion")
	gv, err := schema.ParseGroupVersion(apiVersion)
	switch {
	case err != nil:
		return kind
	case version:
		return fmt.Sprintf("%s.%s.%s", kind, gv.Version, gv.Group)
	case gv.Group == "":
		return kind
	}
	return kind + "." + gv.Group
}

// text is a field of the object that is text; empty where it is none.
func (f *Manifest) text(path ...string) (text string, found bool) {
	text, found, err := unstructured.NestedString(f.Object, path...)
	return text, found && err == nil
}
