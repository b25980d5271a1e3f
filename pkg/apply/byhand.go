package apply

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// byHand restores the fields. Where the originals are not to be shown, or are kept elsewhere, the command is chaosctl's own.
// By its label an object is found, so that goes with the last change of it that is left.
func (e edit) byHand(last bool) []string {
	run, c := e.a.run, e.c
	var commands []string
	patch, kind := map[string]any{}, "merge"
	for _, f := range c.Fields() {
		// What yields must not be taken back from who has it since, which no plain command can see.
		if f.OriginalMissing() || f.Yields || c.Object.Confidential() {
			return []string{"chaosctl recover --all"}
		}
		var original any
		if f.Original != nil {
			original, _ = inject.DecodeValue(f.Original)
		}
		if taint, ok := taintOf(c.Object, f.Path); ok {
			commands = append(commands, taintByHand(c.Object, taint, original))
			continue
		}
		kind = max(kind, place(patch, f.Path, original))
	}
	if kind == "strategic" && !scheme.Scheme.IsGroupRegistered(c.Object.Resource.Group) {
		return []string{"chaosctl recover --all"} // the server merges no lists of custom kinds
	}
	_ = unstructured.SetNestedField(patch, nil, "metadata", "annotations", MarkName(run, c.ID))
	if last {
		_ = unstructured.SetNestedField(patch, nil, "metadata", "labels", RunLabel)
	}
	text := string(mustJSON(patch))
	command := kubectl("patch", c.Object)
	if c.Subresource() != "" {
		command += " --subresource=" + c.Subresource()
	}
	return append(commands, fmt.Sprintf("%s --type=%s -p '%s'", command, kind, strings.ReplaceAll(text, "'", `'\''`)))
}

// taintOf says which taint of a node a path leads to, by the conditions of its last element.
func taintOf(o inject.Object, path []string) (map[string]string, bool) {
	conditions, ok := lastElement(path)
	if !ok || o.Kind != "Node" || !slices.Equal(path[:len(path)-1], []string{"spec", "taints"}) {
		return nil, false
	}
	taint := map[string]string{}
	for _, c := range conditions {
		taint[c.Field] = c.Value
	}
	return taint, true
}

// taintByHand is kubectl's own command for that: no patch takes one taint away, since their list is replaced as a whole.
func taintByHand(o inject.Object, taint map[string]string, original any) string {
	name := taint["key"]
	if effect := taint["effect"]; effect != "" {
		name += ":" + effect
	}
	if before, ok := original.(map[string]any); ok {
		value, _ := before["value"].(string)
		return fmt.Sprintf("kubectl taint --overwrite node %s %s=%s:%v", o.Name, taint["key"], value, before["effect"])
	}
	return fmt.Sprintf("kubectl taint node %s %s-", o.Name, name)
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
		conditions, ok := inject.ElementOf(p)
		if !ok {
			continue
		}
		element := map[string]any{}
		for _, c := range conditions {
			element[c.Field] = c.Value
		}
		switch whole, isObject := value.(map[string]any); {
		case i < len(path)-1:
			place(element, path[i+1:], value)
		case conditions[0].Field == "":
			return placeText(patch, path[:i], conditions[0].Value, value != nil)
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
