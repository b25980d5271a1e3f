package apply

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// commands are what a person would type to restore the fields. Where the originals are not to be shown, or are kept
// elsewhere, it is chaosctl's own. By its label an object is found, so that goes with the last change of it that is left.
func commands(run string, c *inject.Change, last bool) []string {
	patch, kind := map[string]any{}, "merge"
	for _, f := range c.Edit.Fields {
		if f.OriginalMissing() || c.Object.Confidential() {
			return []string{"chaosctl recover --all"}
		}
		var original any
		if f.Original != nil {
			original, _ = inject.DecodeValue(f.Original)
		}
		kind = max(kind, place(patch, f.Path, original))
	}
	_ = unstructured.SetNestedField(patch, nil, "metadata", "annotations", MarkName(run, c.ID))
	if last {
		_ = unstructured.SetNestedField(patch, nil, "metadata", "labels", RunLabel)
	}
	where := ""
	if c.Object.Namespace != "" {
		where = "-n " + c.Object.Namespace + " "
	}
	text := string(mustJSON(patch))
	return []string{fmt.Sprintf("kubectl %spatch %s %s --type=%s -p '%s'", where, strings.ToLower(c.Object.Kind), c.Object.Name, kind, strings.ReplaceAll(text, "'", `'\''`))}
}

// place puts a value into a patch, and returns the kind of patch that this takes: lists of objects are merged by name in
// strategic ones alone.
func place(patch map[string]any, path []string, value any) (kind string) {
	for i, p := range path {
		field, name, ok := inject.ElementOf(p)
		if !ok {
			continue
		}
		element := map[string]any{field: name}
		place(element, path[i+1:], value)
		_ = unstructured.SetNestedSlice(patch, []any{element}, path[:i]...)
		return "strategic"
	}
	// A path that is set twice, once as a map and once as a value, does not occur in a plan.
	_ = unstructured.SetNestedField(patch, value, path...)
	return "merge"
}
