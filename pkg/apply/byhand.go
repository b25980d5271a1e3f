package apply

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// byHand restores the fields. Where the originals are not to be shown, or are kept elsewhere, the command is chaosctl's own.
// By its label an object is found, so that goes with the last change of it that is left.
func (e edit) byHand(last bool) []string {
	run, c := e.a.run, e.c
	patch, kind := map[string]any{}, "merge"
	for _, f := range c.Fields() {
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
	text := string(mustJSON(patch))
	return []string{fmt.Sprintf("%s --type=%s -p '%s'", kubectl("patch", c.Object), kind, strings.ReplaceAll(text, "'", `'\''`))}
}

// kubectl is a command on an object.
func kubectl(verb string, o inject.Object) string {
	where := ""
	if o.Namespace != "" {
		where = "-n " + o.Namespace + " "
	}
	return fmt.Sprintf("kubectl %s%s %s %s", where, verb, strings.ToLower(o.Kind), o.Name)
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
		switch whole, isObject := value.(map[string]any); {
		case i < len(path)-1:
			place(element, path[i+1:], value)
		case field == "":
			return placeText(patch, path[:i], name, value != nil)
		case value == nil:
			element["$patch"] = "delete"
		case isObject:
			element = whole
		}
		_ = unstructured.SetNestedSlice(patch, []any{element}, path[:i]...)
		return "strategic"
	}
	// A path that is set twice, once as a map and once as a value, does not occur in a plan.
	_ = unstructured.SetNestedField(patch, value, path...)
	return "merge"
}

// placeText adds a text to a list, or removes it.
func placeText(patch map[string]any, list []string, text string, there bool) (kind string) {
	if !there {
		list = slices.Clone(list)
		list[len(list)-1] = "$deleteFromPrimitiveList/" + list[len(list)-1]
	}
	_ = unstructured.SetNestedSlice(patch, []any{text}, list...)
	return "strategic"
}
