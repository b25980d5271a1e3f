package inject

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/target"
)

var _ = registry.Add(Definition{
	Name:    "configDelete",
	Summary: "Deletes a ConfigMap or a Secret as a whole, with or without restarting those who use it; it is created again with what it held.",
	Example: `
- name: settings-gone
  configDelete: {configMap: settings, restart: true}
- name: credentials-gone
  configDelete: {secret: database}
  for: 30s
`,
	New: func() Fault { return &ConfigDelete{} },
})

// ConfigDelete deletes a ConfigMap or a Secret in the target's namespace. Pods that have started with it go on; those that start
// meanwhile wait for it, or fail, unless they call it optional.
//
// The undo creates it again, with its data, type, labels, annotations, owners, and whether it is immutable. To the cluster that is
// another object: it has another UID, another age, and chaosctl as the manager of its fields, which a server-side apply of
// others may have to force. Whatever follows objects by their UIDs sees one go and one come. An object that somebody else has
// made in its place meanwhile is kept, and reported as diverged where it does not hold the same.
//
// Nothing is left in the cluster that could bear a mark, so what it held stands in the run's journal alone, which is a Secret:
// whoever deletes that while the object is gone takes its last copy. Objects that cannot be put back like that are refused: what
// belongs to a controller, which would make it anew; what has finalizers, which would keep it, or have others act on its end; and
// the token of a ServiceAccount, which is void once its Secret is gone.
type ConfigDelete struct {
	// ConfigMap is its name.
	ConfigMap string `json:"configMap,omitempty" choice:"object" form:"given"`
	// Secret is its name; it stands in place of configMap.
	Secret string `json:"secret,omitempty" choice:"object" form:"given"`
	// Restart rolls out the workloads that use the object, so that new pods have to start without it.
	Restart bool `json:"restart,omitempty"`
}

// Check wants one object.
func (f *ConfigDelete) Check(c *experiment.Check) {
	switch {
	case f.ConfigMap == "" && f.Secret == "":
		c.Fail("", "nothing is named that could be deleted: expected configMap or secret")
	case f.ConfigMap != "" && f.Secret != "":
		c.Fail("secret", "configMap and secret exclude each other: expected one")
	}
}

// Plan takes the object away, then restarts the consumers.
func (f *ConfigDelete) Plan(ctx context.Context, s Scope) ([]Change, error) {
	ref := f.object()
	o, object, err := s.object(ctx, strings.ToLower(ref.kind)+"/"+ref.name)
	if err != nil {
		return nil, err
	}
	if err := restorable(o, ref); err != nil {
		return nil, err
	}
	text, err := Bare(o).MarshalJSON()
	if err != nil {
		return nil, err
	}
	changes := []Change{{
		ID: "delete-" + strings.ToLower(ref.kind) + "-" + ref.name, What: "delete it as a whole",
		Object: object, Withdraw: &Withdraw{Original: text},
	}}
	if f.Restart {
		restarts, err := restartConsumers(ctx, s, ref, changes[0].ID)
		if err != nil {
			return nil, err
		}
		changes = append(changes, restarts...)
	}
	return changes, nil
}

// restorable refuses an object that would not come back as it was.
func restorable(o *unstructured.Unstructured, ref configRef) error {
	var why string
	kind, _, _ := unstructured.NestedString(o.Object, "type")
	switch owner := metav1.GetControllerOf(o); {
	case o.GetDeletionTimestamp() != nil:
		why = "is on its way out already"
	case owner != nil:
		why = fmt.Sprintf("belongs to %s %s, which would make it anew: there is nothing to put back then", owner.Kind, owner.Name)
	case len(o.GetFinalizers()) > 0:
		why = fmt.Sprintf("has finalizers (%s), which would keep it, or have others act on its end", strings.Join(o.GetFinalizers(), ", "))
	case ref.kind == "Secret" && corev1.SecretType(kind) == corev1.SecretTypeServiceAccountToken:
		why = "holds the token of a ServiceAccount, which is void once it is deleted, and cannot be put back"
	case annotationRoom(o.GetAnnotations()) < roomForMarker:
		why = "has no room in its annotations for the mark of the change"
	default:
		return nil
	}
	return &target.Refusal{Reason: fmt.Sprintf("%s in namespace %s %s", ref, o.GetNamespace(), why)}
}

// object names what is deleted.
func (f *ConfigDelete) object() configRef {
	if f.Secret != "" {
		return configRef{"Secret", f.Secret}
	}
	return configRef{"ConfigMap", f.ConfigMap}
}

// Needs are those of the object, and of the consumers where they are to be restarted.
func (f *ConfigDelete) Needs(s access.Scope) []access.Need {
	needs := withdrawals(f.object().resource(), s.Target.Namespace, f.object().name)
	if f.Restart {
		needs = append(needs, restartNeeds(s.Target.Namespace)...)
	}
	return needs
}

// Bare is a copy of an object without what the API server says of it by itself: what would make it again.
func Bare(o *unstructured.Unstructured) *unstructured.Unstructured {
	o = o.DeepCopy()
	for _, field := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"} {
		unstructured.RemoveNestedField(o.Object, "metadata", field)
	}
	return o
}
