package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// RunLabel is on every object that a run has changed and not yet put back; its value is the run's id.
const RunLabel = "chaosctl.dev/run"

// undoPrefix begins the names of the annotations that hold what is needed to undo a change; one for each change.
const undoPrefix = "chaosctl.dev/undo-"

// Marker is the content of such an annotation.
type Marker struct {
	Run    string         `json:"run"`
	Change string         `json:"change"`
	Fields []MarkerField  `json:"fields"`
	Object markedIdentity `json:"object"`
}

// MarkerField holds the original of one field, and a digest of what was written in its place.
type MarkerField struct {
	Path     []string        `json:"path"`
	Original json.RawMessage `json:"original,omitempty"`
	// SHA256 of the written value as JSON; empty where the field was removed.
	SHA256 string `json:"sha256,omitempty"`
}

// markedIdentity tells a marker apart from a copy of it on another object: a backup that was restored, or a controller
// that hands annotations down.
type markedIdentity struct {
	UID string `json:"uid"`
}

// annotation is the name under which a change is marked.
func annotation(c *inject.Change) string {
	sum := sha256.Sum256([]byte(c.ID))
	return undoPrefix + hex.EncodeToString(sum[:6])
}

func marked(object *unstructured.Unstructured, c *inject.Change) bool {
	_, ok := object.GetAnnotations()[annotation(c)]
	return ok
}

// mark adds the label and the annotation.
func mark(object *unstructured.Unstructured, run string, c *inject.Change) error {
	m := Marker{Run: run, Change: c.ID, Object: markedIdentity{UID: string(c.Object.UID)}}
	for _, f := range c.Edit.Fields {
		field := MarkerField{Path: f.Path, Original: f.Original}
		if f.Value != nil {
			sum := sha256.Sum256(f.Value)
			field.SHA256 = hex.EncodeToString(sum[:])
		}
		m.Fields = append(m.Fields, field)
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[annotation(c)] = string(text)
	object.SetAnnotations(annotations)
	labels := object.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[RunLabel] = run
	object.SetLabels(labels)
	return nil
}

// unmark removes the annotation, and the label with the last of them. It says whether there was anything to remove.
func unmark(object *unstructured.Unstructured, c *inject.Change) bool {
	if !marked(object, c) {
		return false
	}
	unstructured.RemoveNestedField(object.Object, "metadata", "annotations", annotation(c))
	for name := range object.GetAnnotations() {
		if strings.HasPrefix(name, undoPrefix) {
			return true
		}
	}
	unstructured.RemoveNestedField(object.Object, "metadata", "labels", RunLabel)
	return true
}
