package apply

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// RunLabel is on every object that a run has changed and not yet put back; its value is the run's id.
const RunLabel = "chaosctl.dev/run"

// undoPrefix begins the names of the annotations that hold what is needed to undo a change; one for each change.
const undoPrefix = "chaosctl.dev/undo-"

// marker is the content of such an annotation. Its names are part of the format of what is stored in clusters.
type marker struct {
	Run    string        `json:"run"`
	Change string        `json:"change"`
	Fault  string        `json:"fault,omitempty"`
	After  string        `json:"undoAfter,omitempty"`
	Fields []markedField `json:"fields"`
	// Subresource is that by which the fields were written, and are to be restored.
	Subresource string `json:"subresource,omitempty"`
	// Created is the object's kind and name where the run has made it. Its UID was not known when the marker was written, and
	// tells it from a copy no better than they do.
	Created string `json:"created,omitempty"`
	// Withdrawn says that the run was about to delete the object.
	Withdrawn bool `json:"withdrawn,omitempty"`
	// Agent says that the run has started an agent in the object, a pod.
	Agent bool `json:"agent,omitempty"`
	// Number counts the marks that the object bore before, so that changes of one field are undone the newest first.
	Number int `json:"number,omitempty"`
	// UID tells a marker apart from a copy of it on another object: a backup that was restored, or a controller that hands
	// annotations down.
	UID types.UID `json:"uid"`
}

// markedField holds the original of one field, and digests of what was written in its place and of an original that is
// too large or too confidential for an annotation.
type markedField struct {
	Path           []string        `json:"path"`
	Original       json.RawMessage `json:"original,omitempty"`
	OriginalDigest string          `json:"originalSHA256,omitempty"`
	Digest         string          `json:"sha256,omitempty"`
	Yields         bool            `json:"yields,omitempty"`
}

// field is what the marker tells of a field: the value by its digest only.
func (m markedField) field() inject.Field {
	return inject.Field{Path: m.Path, Original: m.Original, OriginalDigest: m.OriginalDigest, ValueDigest: m.Digest, Yields: m.Yields}
}

// MarkName is the name of the annotation by which a change of a run is marked. It tells runs apart: a later run may make
// the same change to the same object while somebody still looks for what the earlier one has left.
func MarkName(run, change string) string {
	sum := sha256.Sum256([]byte(run + "\n" + change))
	return undoPrefix + hex.EncodeToString(sum[:6])
}

func marked(object *unstructured.Unstructured, run string, c *inject.Change) bool {
	_, ok := object.GetAnnotations()[MarkName(run, c.ID)]
	return ok
}

// isFence says that an object's marker of a change is one without fields: see [Applier.fence].
func isFence(object *unstructured.Unstructured, run string, c *inject.Change) bool {
	fields, ok := markedFields(object, run, c)
	return ok && len(fields) == 0
}

// markedFields are those that an object's marker of a change tells of.
func markedFields(object *unstructured.Unstructured, run string, c *inject.Change) (fields []markedField, ok bool) {
	var m marker
	err := json.Unmarshal([]byte(object.GetAnnotations()[MarkName(run, c.ID)]), &m)
	return m.Fields, err == nil
}

// mark adds the label and the annotation.
func mark(object *unstructured.Unstructured, run string, c *inject.Change) error {
	m := marker{Run: run, Change: c.ID, Fault: c.Fault, After: c.UndoAfter, Subresource: c.Subresource(), UID: c.Object.UID, Agent: c.Agent != nil}
	if c.Create != nil {
		m.Created = identity(c.Object)
	}
	m.Withdrawn = c.Withdraw != nil
	for _, f := range c.Fields() {
		if len(f.Original) > inject.InlineOriginal || c.Object.Confidential() {
			f = f.WithheldOriginal()
		}
		m.Fields = append(m.Fields, markedField{Path: f.Path, Original: f.Original, OriginalDigest: f.OriginalDigest, Digest: f.WrittenDigest(), Yields: f.Yields})
	}
	m.Number = nextNumber(object)
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[MarkName(run, c.ID)] = string(text)
	object.SetAnnotations(annotations)
	labels := object.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[RunLabel] = run
	object.SetLabels(labels)
	return nil
}

// identity is what tells an object that a run has made from a copy of it.
func identity(o inject.Object) string { return o.Kind + " " + o.Namespace + "/" + o.Name }

// nextNumber is that of the object's next mark.
func nextNumber(object metav1.Object) int {
	next := 0
	for _, name := range markers(object) {
		var m marker
		if err := json.Unmarshal([]byte(object.GetAnnotations()[name]), &m); err == nil {
			next = max(next, m.Number+1)
		}
	}
	return next
}

// unmark removes the annotation, and the label with the last of them. It says whether the object was marked, and whether
// there was anything to remove: others may have taken the annotation away and left the label.
func unmark(object *unstructured.Unstructured, run string, c *inject.Change) (was, write bool) {
	was = marked(object, run, c)
	unstructured.RemoveNestedField(object.Object, "metadata", "annotations", MarkName(run, c.ID))
	return was, dropRemains(object, run) || was
}

// dropRemains removes what is of no use without a mark of the object's own: the run's label, and copies of other objects'
// marks. It says whether there was any.
func dropRemains(object *unstructured.Unstructured, run string) bool {
	marks := ReadMarks(object, inject.Object{Kind: object.GetKind(), Namespace: object.GetNamespace(), Name: object.GetName()})
	if len(marks.Changes) > 0 || len(marks.Broken) > 0 || object.GetLabels()[RunLabel] != run {
		return false
	}
	for _, name := range marks.Copies {
		unstructured.RemoveNestedField(object.Object, "metadata", "annotations", name)
	}
	unstructured.RemoveNestedField(object.Object, "metadata", "labels", RunLabel)
	return true
}

// markers are the names of the annotations that mark an object, sorted.
func markers(object metav1.Object) []string {
	return slices.Sorted(func(yield func(string) bool) {
		for name := range maps.Keys(object.GetAnnotations()) {
			if strings.HasPrefix(name, undoPrefix) && !yield(name) {
				return
			}
		}
	})
}

// Marks are what the annotations of an object tell about changes that were not undone.
type Marks struct {
	// Changes, in the order in which they were made, can be given to [Applier.Adopt]. Their values are known by digest only.
	Changes []*inject.Change
	// Runs are the runs that made them, in the same order.
	Runs []string
	// Copies are annotations that belong to another object, and Broken those that nobody can read, by name.
	Copies, Broken []string
}

// Plain says that there are marks of that run, and nothing else.
func (m Marks) Plain(run string) bool {
	return len(m.Runs) > 0 && len(m.Copies)+len(m.Broken) == 0 &&
		!slices.ContainsFunc(m.Runs, func(other string) bool { return other != run })
}

// ReadMarks reads the markers of an object, which is of that resource.
func ReadMarks(object metav1.Object, of inject.Object) Marks {
	var found Marks
	var own []marker
	for _, name := range markers(object) {
		var m marker
		err := json.Unmarshal([]byte(object.GetAnnotations()[name]), &m)
		switch {
		case err != nil || m.Run == "" || m.Change == "":
			found.Broken = append(found.Broken, name)
		case m.Created == "" && m.UID != object.GetUID(), m.Created != "" && m.Created != identity(of):
			found.Copies = append(found.Copies, name)
		default:
			own = append(own, m)
		}
	}
	slices.SortStableFunc(own, func(a, b marker) int { return cmp.Compare(a.Number, b.Number) })
	for _, m := range own {
		c := &inject.Change{ID: m.Change, Fault: m.Fault, Object: of, UndoAfter: m.After, What: fmt.Sprintf("a change by run %s", m.Run)}
		switch {
		case m.Created != "":
			c.Create = &inject.Create{}
		case m.Withdrawn:
			c.Withdraw = &inject.Withdraw{}
		case m.Agent:
			c.Agent = &inject.Agent{}
		default:
			c.Edit = &inject.Edit{Subresource: m.Subresource}
		}
		for _, f := range m.Fields {
			c.Edit.Fields = append(c.Edit.Fields, f.field())
		}
		found.Changes, found.Runs = append(found.Changes, c), append(found.Runs, m.Run)
	}
	return found
}
