package inject

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// served finds a kind whose objects live in namespaces and take those requests. Faults keep to the target's namespace: shared
// says what it would mean that a kind has none.
func (s Scope) served(kind, shared string, verbs ...string) (cluster.Served, error) {
	found, err := s.Served(kind)
	var unserved *cluster.UnservedError
	switch {
	case errors.As(err, &unserved):
		return found, &target.Refusal{Reason: unserved.Error()}
	case err != nil:
		return found, err
	case !found.Namespaced:
		return found, &target.Refusal{Reason: fmt.Sprintf("a %s is in no namespace, %s: expected a kind that lives in the target's", found.Kind, shared)}
	}
	for _, verb := range verbs {
		if !slices.Contains(found.Verbs, verb) {
			return found, &target.Refusal{Reason: fmt.Sprintf("Kubernetes has no request to %s a %s, without which the fault could not be undone", verb, found.Kind)}
		}
	}
	return found, nil
}

// object reads an object of the target's namespace, of whatever kind, by kind/name.
func (s Scope) object(ctx context.Context, reference string) (*unstructured.Unstructured, Object, error) {
	kind, name, _ := strings.Cut(reference, "/")
	found, err := s.served(kind, "so that it would be changed for all of them", "get", "list", "patch")
	if err != nil {
		return nil, Object{}, err
	}
	namespace := s.Workload.Namespace
	o, err := s.Object(ctx, found.Resource, namespace, name)
	if apierrors.IsNotFound(err) {
		return nil, Object{}, &target.Refusal{Reason: fmt.Sprintf("there is no %s %s in namespace %s", found.Kind, name, namespace)}
	}
	if err != nil {
		return nil, Object{}, err
	}
	if err := leftAlone(o, found.Kind); err != nil {
		return nil, Object{}, err
	}
	return o, Object{Resource: found.Resource, Kind: found.Kind, Namespace: namespace, Name: name, UID: o.GetUID(), Labels: o.GetLabels()}, nil
}

// leftAlone refuses objects that chaosctl itself lives by, and those that have opted out.
func leftAlone(o metav1.Object, kind string) error {
	switch {
	case o.GetLabels()[managedBy] == "chaosctl":
		return &target.Refusal{Reason: fmt.Sprintf("%s %s/%s is chaosctl's own, by which runs are told apart and put back: it is not to be broken", kind, o.GetNamespace(), o.GetName())}
	case target.OptedOut(o.GetAnnotations()):
		return &target.Refusal{Reason: fmt.Sprintf("%s %s/%s has opted out of faults (annotation %s)", kind, o.GetNamespace(), o.GetName(), cluster.ProtectAnnotation)}
	}
	return nil
}

// managedBy is the label by which chaosctl's own Leases and journals are known.
const managedBy = "app.kubernetes.io/managed-by"

// objectEdits are the needs of reading and editing an object by kind/name; none where the kind cannot be told or has no
// namespace, which the plan refuses.
func objectEdits(s access.Scope, reference, why string) []access.Need {
	kind, name, _ := strings.Cut(reference, "/")
	resource, namespaced, err := s.Kinds.Resource(kind)
	if err != nil || !namespaced {
		return nil
	}
	return edits(resource.WithVersion(""), s.Target.Namespace, name, why)
}
