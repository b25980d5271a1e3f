package experiment

import (
	"reflect"

	"go.yaml.in/yaml/v3"
)

// free decodes a value that the language does not know, as those of an object of Kubernetes, into what the API machinery has
// for JSON: map[string]any, []any, string, bool, int64, float64, or nil. All that holds for YAML in other places holds here,
// save that nothing is a value.
func (d *decoder) free(n *yaml.Node, path string, v reflect.Value) {
	var t reflect.Type
	switch tag := n.ShortTag(); {
	case n.Kind == yaml.MappingNode:
		t = reflect.TypeFor[map[string]any]()
	case n.Kind == yaml.SequenceNode:
		t = reflect.TypeFor[[]any]()
	case tag == "!!null":
		v.SetZero()
		return
	case tag == "!!bool":
		t = reflect.TypeFor[bool]()
	case tag == "!!int":
		if !isDecimal(n.Value) {
			d.fail(placeOf(n), path, "write it in decimal, or quote it", "%s is a number that not all readers of YAML take for the same", quote(n.Value))
			return
		}
		t = reflect.TypeFor[int64]()
	case tag == "!!float":
		t = reflect.TypeFor[float64]()
	default:
		t = reflect.TypeFor[string]()
	}
	typed := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.Map:
		if !d.expect(n, yaml.MappingNode, path, t) {
			return
		}
		if d.dictionary(n, path, typed); typed.IsNil() {
			typed.Set(reflect.MakeMap(t)) // {} is not null
		}
	case reflect.Slice:
		if !d.expect(n, yaml.SequenceNode, path, t) {
			return
		}
		if d.list(n, path, typed); typed.IsNil() {
			typed.Set(reflect.MakeSlice(t, 0, 0))
		}
	default:
		d.scalar(n, path, typed)
	}
	v.Set(typed)
}
