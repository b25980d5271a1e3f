package apply

import (
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// valueAt reads a field.
func valueAt(object *unstructured.Unstructured, path []string) (value any, found bool, err error) {
	parent, path, err := descend(object.Object, path)
	if err != nil || parent == nil {
		return nil, false, err
	}
	return unstructured.NestedFieldNoCopy(parent, path...)
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

// descend goes through the lists of a path: it returns the last object that was chosen from one, and the rest of the path
// within; nil where there is no such element.
func descend(object map[string]any, path []string) (map[string]any, []string, error) {
	for i, p := range path {
		field, value, ok := inject.ElementOf(p)
		if !ok {
			continue
		}
		list, found, err := unstructured.NestedFieldNoCopy(object, path[:i]...)
		if err != nil || !found {
			return nil, nil, err
		}
		items, ok := list.([]any)
		if !ok {
			return nil, nil, fmt.Errorf("%s is no list", strings.Join(path[:i], "."))
		}
		for _, item := range items {
			if element, ok := item.(map[string]any); ok && element[field] == value {
				return descend(element, path[i+1:])
			}
		}
		return nil, nil, nil
	}
	return object, path, nil
}
