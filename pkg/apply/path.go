package apply

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// valueAt reads a field.
func valueAt(object *unstructured.Unstructured, path []string) (value any, found bool, err error) {
	parent, inner, err := descend(object.Object, path)
	if err != nil || parent == nil {
		return nil, false, err
	}
	conditions, ok := lastElement(inner)
	if !ok {
		return unstructured.NestedFieldNoCopy(parent, inner...)
	}
	list, err := listAt(parent, inner[:len(inner)-1])
	if i := indexOf(list, conditions); err == nil && i >= 0 {
		return list[i], true, nil
	}
	return nil, false, err
}

// set writes a field, and the maps that lead to it; nil removes it.
func set(object *unstructured.Unstructured, path []string, value json.RawMessage) error {
	parent, inner, err := descend(object.Object, path)
	if err != nil {
		return err
	}
	if parent == nil {
		if value == nil {
			return nil
		}
		return fmt.Errorf("%s: the element of the list is gone", inject.Field{Path: path}.PathString())
	}
	if conditions, ok := lastElement(inner); ok {
		return setElement(parent, inner[:len(inner)-1], conditions, value)
	}
	if value == nil {
		unstructured.RemoveNestedField(parent, inner...)
		return nil
	}
	decoded, err := inject.DecodeValue(value)
	if err != nil {
		return err
	}
	return unstructured.SetNestedField(parent, decoded, inner...)
}

// setElement adds, replaces or removes an element of a list. A list that has none any more goes too.
func setElement(parent map[string]any, path []string, conditions []inject.Condition, value json.RawMessage) error {
	list, err := listAt(parent, path)
	if err != nil {
		return err
	}
	i := indexOf(list, conditions)
	if value == nil {
		if i >= 0 {
			list = slices.Delete(slices.Clone(list), i, i+1)
		}
		if len(list) == 0 {
			unstructured.RemoveNestedField(parent, path...)
			return nil
		}
		return unstructured.SetNestedSlice(parent, list, path...)
	}
	decoded, err := inject.DecodeValue(value)
	if err != nil {
		return err
	}
	if list = slices.Clone(list); i >= 0 {
		list[i] = decoded
	} else {
		list = append(list, decoded)
	}
	return unstructured.SetNestedSlice(parent, list, path...)
}

// descend goes through the lists of a path: it returns the last object that was chosen from one, and the rest of the path
// within, of which only the last may choose from a list again; nil where there is no such element.
func descend(object map[string]any, path []string) (map[string]any, []string, error) {
	for i, p := range path[:max(0, len(path)-1)] {
		conditions, ok := inject.ElementOf(p)
		if !ok {
			continue
		}
		list, err := listAt(object, path[:i])
		if err != nil {
			return nil, nil, err
		}
		if at := indexOf(list, conditions); at >= 0 {
			if element, ok := list[at].(map[string]any); ok {
				return descend(element, path[i+1:])
			}
		}
		return nil, nil, nil
	}
	return object, path, nil
}

func lastElement(path []string) (conditions []inject.Condition, ok bool) {
	if len(path) == 0 {
		return nil, false
	}
	return inject.ElementOf(path[len(path)-1])
}

// listAt is empty where there is none.
func listAt(parent map[string]any, path []string) ([]any, error) {
	value, found, err := unstructured.NestedFieldNoCopy(parent, path...)
	if err != nil || !found || value == nil {
		return nil, err
	}
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is no list", strings.Join(path, "."))
	}
	return list, nil
}

// indexOf finds the object that meets all conditions, or the text itself where they name no field; -1 for none.
func indexOf(list []any, conditions []inject.Condition) int {
	return slices.IndexFunc(list, func(item any) bool {
		return !slices.ContainsFunc(conditions, func(c inject.Condition) bool { return !meets(item, c) })
	})
}

func meets(item any, c inject.Condition) bool {
	if c.Field == "" {
		return item == c.Value
	}
	element, ok := item.(map[string]any)
	return ok && element[c.Field] == c.Value
}
