package experiment

import (
	"encoding"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of one document. Aliases are counted where they are used, so that a document cannot grow out of them.
const (
	maxDepth  = 40
	maxValues = 50_000
)

// mergeKey is how YAML 1.1 takes over the fields of another mapping.
const mergeKey = "<<"

// decoder fills Go values from the tree of one YAML document, driven by the json tags of their types. It goes on after
// a problem, to find the others.
type decoder struct {
	*findings
	catalogue Catalogue
	depth     int
	values    int
}

// value decodes n into v, which is settable and may hold defaults.
func (d *decoder) value(n *yaml.Node, path string, v reflect.Value) {
	if !d.enter(n, path) {
		return
	}
	defer func() { d.depth-- }()
	n = dereference(n)
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if text, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(n, path, text)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if d.expect(n, yaml.MappingNode, path, v.Type()) {
			d.object(n, path, v)
		}
	case reflect.Slice:
		if d.expect(n, yaml.SequenceNode, path, v.Type()) {
			d.list(n, path, v)
		}
	case reflect.Map:
		if d.expect(n, yaml.MappingNode, path, v.Type()) {
			d.dictionary(n, path, v)
		}
	case reflect.Interface:
		d.free(n, path, v)
	default:
		d.scalar(n, path, v)
	}
}

// enter counts a value, notes its place, and refuses what is too deep or too much.
func (d *decoder) enter(n *yaml.Node, path string) bool {
	switch {
	case d.full() || d.values > maxValues:
		return false
	case d.depth >= maxDepth:
		d.fail(placeOf(n), path, "", "the document is nested too deeply: expected %d levels at most", maxDepth)
		return false
	}
	if d.values++; d.values > maxValues {
		d.fail(placeOf(n), path, "", "the document is too large: expected %d values at most, aliases written out", maxValues)
		return false
	}
	d.depth++
	if n.Line > 0 {
		d.places[path] = placeOf(n)
	}
	return true
}

// expect says whether n is of the kind that t is decoded from.
func (d *decoder) expect(n *yaml.Node, kind yaml.Kind, path string, t reflect.Type) bool {
	if n.Kind == kind && (n.Tag == "" || n.ShortTag() == "!!map" || n.ShortTag() == "!!seq") {
		return true
	}
	d.mismatch(n, path, t)
	return false
}

func (d *decoder) mismatch(n *yaml.Node, path string, t reflect.Type) {
	d.fail(d.placeAtOr(path, n), path, correction(n, t), "expected %s, found %s", expected(t), describe(n))
}

// placeAtOr is the place of n, or of what holds path where n was not written but taken for granted.
func (d *decoder) placeAtOr(path string, n *yaml.Node) place {
	if n.Line > 0 {
		return placeOf(n)
	}
	return d.placeAt(path)
}

// list decodes the elements of a sequence. An empty list is nil, so that there is one way to have none.
func (d *decoder) list(n *yaml.Node, path string, v reflect.Value) {
	v.SetZero()
	for i, item := range n.Content {
		if d.full() || d.values > maxValues {
			return
		}
		element := element(path, i)
		next := reflect.New(v.Type().Elem()).Elem()
		d.value(item, element, next)
		v.Set(reflect.Append(v, next))
	}
}

// dictionary decodes a mapping whose keys the author is free to choose.
func (d *decoder) dictionary(n *yaml.Node, path string, v reflect.Value) {
	v.SetZero()
	for key, item := range d.entries(n, path) {
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		next := reflect.New(v.Type().Elem()).Elem()
		d.value(item, child(path, key.Value), next)
		v.SetMapIndex(reflect.ValueOf(key.Value).Convert(v.Type().Key()), next)
	}
}

// entries ranges over the keys and values of a mapping, leaving out keys that are duplicate or are no text.
func (d *decoder) entries(n *yaml.Node, path string) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		first := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := dereference(n.Content[i])
			if d.full() {
				return
			}
			if key.ShortTag() == "!!merge" {
				d.fail(placeOf(key), child(path, mergeKey), "", "merge keys are not part of the language: write the fields out")
				continue
			}
			if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" {
				d.fail(placeOf(n.Content[i]), path, correction(key, reflect.TypeFor[string]()), "expected the name of a field, found %s", describe(key))
				continue
			}
			if hasControl(key.Value) {
				d.fail(placeOf(key), path, "", "the key %s has a control character", quote(key.Value))
				continue
			}
			if line, ok := first[key.Value]; ok {
				d.fail(placeOf(n.Content[i]), child(path, key.Value), "", "duplicate key %s: it stands on line %d already", quote(key.Value), line)
				continue
			}
			first[key.Value] = n.Content[i].Line
			if !yield(key, n.Content[i+1]) {
				return
			}
		}
	}
}

// text hands the text of a scalar to a type that reads itself.
func (d *decoder) text(n *yaml.Node, path string, v encoding.TextUnmarshaler) {
	t := reflect.TypeOf(v).Elem()
	switch {
	case n.Kind != yaml.ScalarNode || isNull(n) || !isPlain(n):
		d.mismatch(n, path, t)
	case hasControl(n.Value):
		d.fail(placeOf(n), path, "", "the text has a control character")
	default:
		if err := v.UnmarshalText([]byte(n.Value)); err != nil {
			d.fail(d.placeAtOr(path, n), path, "", "%s", strings.TrimSpace(err.Error()))
		}
	}
}
