package snapshot

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Snapshot is what there is, by kind and name.
type Snapshot struct {
	// Objects are compared.
	Objects map[string]*unstructured.Unstructured
	// Marks are what is chaosctl's own, on whatever object.
	Marks []string
}

// New is an empty snapshot.
func New() *Snapshot { return &Snapshot{Objects: map[string]*unstructured.Unstructured{}} }

func (s *Snapshot) add(o *unstructured.Unstructured, derived bool) {
	key := o.GetKind() + " " + o.GetName()
	for _, name := range markNames(o) {
		s.Marks = append(s.Marks, key+" "+name)
	}
	switch {
	case own(o):
		s.Marks = append(s.Marks, key+" as a whole")
	case !derived:
		s.Objects[key] = o
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

// Marked says that an object tells of itself how it is put back (G2).
func Marked(o *unstructured.Unstructured) bool {
	names := markNames(o)
	return slices.Contains(names, runLabel) && slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, undoPrefix) })
}

// Unmarked is a copy without marks.
func Unmarked(o *unstructured.Unstructured) *unstructured.Unstructured {
	o = o.DeepCopy()
	unstructured.RemoveNestedField(o.Object, "metadata", "labels", runLabel)
	for name := range o.GetAnnotations() {
		if strings.HasPrefix(name, undoPrefix) {
			unstructured.RemoveNestedField(o.Object, "metadata", "annotations", name)
		}
	}
	return o
}

// Left are the marks that are left by processes that said this. Copies, which do no harm, stay where the controller that
// makes them is slow; then that is told.
func (s *Snapshot) Left(said string) []string {
	return slices.DeleteFunc(slices.Clone(s.Marks), func(mark string) bool {
		kind, _, _ := strings.Cut(mark, " ")
		return strings.Contains(said, "may be left on the "+strings.ToLower(kind)+"s")
	})
}

// Behind says that nothing is left but what the controller of EndpointSlices has copied from a Service: it takes that back
// by itself, when it comes to it.
func (s *Snapshot) Behind() bool {
	return len(s.Marks) > 0 && !slices.ContainsFunc(s.Marks, func(mark string) bool {
		return !strings.HasPrefix(mark, "EndpointSlice ") && !strings.HasPrefix(mark, "Endpoints ")
	})
}

// Journalled says that there is a journal in the cluster (G1).
func (s *Snapshot) Journalled() bool {
	return slices.ContainsFunc(s.Marks, func(m string) bool { return strings.HasSuffix(m, " "+journalLabel) })
}
