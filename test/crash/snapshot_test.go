package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// kind is one whose objects a snapshot holds.
type kind struct {
	resource schema.GroupVersionResource
	// derived says that its objects are made and changed by controllers, from others that the snapshot holds: looked at are
	// only their marks.
	derived bool
}

// derived are kinds of objects that only controllers write.
var derived = []string{"pods", "replicasets", "controllerrevisions", "endpoints", "endpointslices"}

// kinds lists all that live in namespaces, but events, which are never anybody's to put back.
func kinds(client discovery.DiscoveryInterface) ([]kind, error) {
	lists, err := discovery.ServerPreferredNamespacedResources(client)
	if err != nil {
		return nil, err
	}
	var all []kind
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, r := range list.APIResources {
			if slices.Contains(r.Verbs, "list") && r.Name != "events" {
				all = append(all, kind{gv.WithResource(r.Name), slices.Contains(derived, r.Name)})
			}
		}
	}
	return all, nil
}

var nodes = corev1.SchemeGroupVersion.WithResource("nodes")

// snapshot is what there is, by kind and name.
type snapshot struct {
	// objects are compared.
	objects map[string]*unstructured.Unstructured
	// marks are what is chaosctl's own, on whatever object.
	marks []string
}

// look takes a snapshot of a scene.
func (s *scene) look(ctx context.Context) (*snapshot, error) {
	found := &snapshot{objects: map[string]*unstructured.Unstructured{}}
	for _, k := range shared.kinds {
		list, err := shared.dynamic.Resource(k.resource).Namespace(s.namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", k.resource.Resource, err)
		}
		for i := range list.Items {
			found.add(&list.Items[i], k.derived)
		}
	}
	if s.node != "" {
		node, err := shared.dynamic.Resource(nodes).Get(ctx, s.node, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		found.add(node, false)
	}
	return found, nil
}

func (s *snapshot) add(o *unstructured.Unstructured, derived bool) {
	key := o.GetKind() + " " + o.GetName()
	for _, name := range markNames(o) {
		s.marks = append(s.marks, key+" "+name)
	}
	switch {
	case own(o):
		s.marks = append(s.marks, key+" as a whole")
	case !derived:
		s.objects[key] = o
	}
}

// own says that an object is chaosctl's own: a journal, a Lease or the like.
func own(o *unstructured.Unstructured) bool {
	return o.GetLabels()["app.kubernetes.io/managed-by"] == "chaosctl"
}

// Labels and annotations of chaosctl that must not outlast a run.
const (
	runLabel     = "chaosctl.dev/run"
	journalLabel = "chaosctl.dev/journal"
	leaseLabel   = "chaosctl.dev/lease"
	undoPrefix   = "chaosctl.dev/undo-"
)

func markNames(o *unstructured.Unstructured) []string {
	var names []string
	for _, name := range []string{runLabel, journalLabel, leaseLabel} {
		if _, ok := o.GetLabels()[name]; ok {
			names = append(names, name)
		}
	}
	for name := range o.GetAnnotations() {
		if strings.HasPrefix(name, undoPrefix) {
			names = append(names, name)
		}
	}
	return names
}

// marked says that an object tells of itself how it is put back (G2).
func marked(o *unstructured.Unstructured) bool {
	names := markNames(o)
	return slices.Contains(names, runLabel) && slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, undoPrefix) })
}

// unmarked is a copy without marks.
func unmarked(o *unstructured.Unstructured) *unstructured.Unstructured {
	o = o.DeepCopy()
	unstructured.RemoveNestedField(o.Object, "metadata", "labels", runLabel)
	for name := range o.GetAnnotations() {
		if strings.HasPrefix(name, undoPrefix) {
			unstructured.RemoveNestedField(o.Object, "metadata", "annotations", name)
		}
	}
	return o
}

// left are the marks that are left by processes that said this. Copies on ReplicaSets, which do no harm, stay where their
// controller is slow; then that is told.
func (s *snapshot) left(said string) []string {
	told := strings.Contains(said, "may be left on the ReplicaSets")
	return slices.DeleteFunc(slices.Clone(s.marks), func(mark string) bool { return told && strings.HasPrefix(mark, "ReplicaSet ") })
}

// journalled says that there is a journal in the cluster (G1).
func (s *snapshot) journalled() bool {
	return slices.ContainsFunc(s.marks, func(m string) bool { return strings.HasSuffix(m, " "+journalLabel) })
}

// essence is what is compared: all that is neither the server's bookkeeping nor written by controllers, and no marks.
func essence(o *unstructured.Unstructured) map[string]any {
	o = unmarked(o)
	for _, path := range [][]string{
		{"status"}, {"metadata", "resourceVersion"}, {"metadata", "generation"}, {"metadata", "managedFields"}, {"metadata", "creationTimestamp"},
		{"metadata", "annotations", "deployment.kubernetes.io/revision"}, {"metadata", "annotations", "node.alpha.kubernetes.io/ttl"},
		{"spec", "podCIDR"}, {"spec", "podCIDRs"},
	} {
		unstructured.RemoveNestedField(o.Object, path...)
	}
	if o.GetKind() == "Node" {
		taints, _, _ := unstructured.NestedSlice(o.Object, "spec", "taints")
		taints = slices.DeleteFunc(taints, func(taint any) bool {
			key, _, _ := unstructured.NestedString(taint.(map[string]any), "key")
			return strings.HasPrefix(key, "node.kubernetes.io/")
		})
		_ = unstructured.SetNestedSlice(o.Object, taints, "spec", "taints")
	}
	// By way of JSON, numbers are of one type.
	text, err := json.Marshal(withoutEmpty(o.Object))
	if err != nil {
		panic(err)
	}
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		panic(err)
	}
	return plain
}

// withoutEmpty drops maps and lists that hold nothing, which the server does too.
func withoutEmpty(from map[string]any) map[string]any {
	to := map[string]any{}
	for key, value := range from {
		switch v := value.(type) {
		case map[string]any:
			if v = withoutEmpty(v); len(v) > 0 {
				to[key] = v
			}
		case []any:
			if len(v) > 0 {
				to[key] = v
			}
		case nil:
		default:
			to[key] = value
		}
	}
	return to
}

// differences names the objects that are not alike, and says in which fields.
func differences(want, have map[string]*unstructured.Unstructured) map[string]string {
	found := map[string]string{}
	for key, w := range want {
		h := have[key]
		if h == nil {
			found[key] = "is gone"
		} else if text := compare("", essence(w), essence(h)); text != "" {
			found[key] = text
		}
	}
	for key := range have {
		if want[key] == nil {
			found[key] = "was not there before"
		}
	}
	return found
}

func compare(path string, want, have any) string {
	if reflect.DeepEqual(want, have) {
		return ""
	}
	w, isMap := want.(map[string]any)
	h, alsoMap := have.(map[string]any)
	if !isMap || !alsoMap {
		return fmt.Sprintf("%s: want %v, have %v; ", path, want, have)
	}
	both := maps.Clone(w)
	maps.Copy(both, h)
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(both)) {
		text.WriteString(compare(path+"."+key, w[key], h[key]))
	}
	return text.String()
}
