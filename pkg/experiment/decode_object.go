package experiment

import (
	"encoding"
	"maps"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"
)

// object decodes a mapping into a struct: its declared fields, and the member of its union where it has one.
func (d *decoder) object(n *yaml.Node, path string, v reflect.Value) {
	shape := shapeOf(v.Type())
	seen := map[string]bool{}
	var member *yaml.Node
	for key, value := range d.entries(n, path) {
		at := child(path, key.Value)
		if field, ok := shape.fields[key.Value]; ok {
			seen[key.Value] = true
			d.value(field.unquoted(dereference(value)), at, v.FieldByIndex(field.index))
			continue
		}
		if shape.union != nil {
			if build, ok := d.catalogue.kinds(shape.union.name)[key.Value]; ok {
				if member != nil {
					d.fail(placeOf(key), at, "", "%s and %s exclude each other: expected one %s", member.Value, key.Value, shape.union.noun())
					continue
				}
				member = key
				d.member(key, value, at, build(), v.FieldByIndex(shape.union.index))
				continue
			}
		}
		d.unknown(key, path, shape, seen)
	}
	if shape.union != nil && member == nil && !d.broken[path] {
		d.fail(placeOf(n), path, "", "there is no %s: expected %s", shape.union.noun(), enumerate(slices.Sorted(maps.Keys(d.catalogue.kinds(shape.union.name)))))
	}
	d.absent(n, path, v, shape, seen)
}

// member decodes the parameters of a union's chosen member. A member that needs none may be written without any:
// `rolloutRestart:` is `rolloutRestart: {}`.
func (d *decoder) member(key, value *yaml.Node, path string, params any, v reflect.Value) {
	target := reflect.ValueOf(params).Elem()
	if _, isText := params.(encoding.TextUnmarshaler); isNull(dereference(value)) && target.Kind() == reflect.Struct && !isText {
		value = &yaml.Node{Kind: yaml.MappingNode, Line: key.Line, Column: key.Column}
	}
	d.value(value, path, target)
	v.Set(reflect.ValueOf(Member{Kind: key.Value, Params: params}))
}

// unknown refuses a key. The field that it was probably meant for counts as seen, so that one slip of the pen is one
// problem.
func (d *decoder) unknown(key *yaml.Node, path string, shape shape, seen map[string]bool) {
	names := slices.Sorted(maps.Keys(shape.fields))
	what := "field"
	var kinds []string
	if shape.union != nil {
		kinds = slices.Sorted(maps.Keys(d.catalogue.kinds(shape.union.name)))
		what = "field or " + shape.union.noun()
	}
	all := slices.Concat(names, kinds)
	meant := nearest(key.Value, all)
	switch {
	case meant != "":
		d.fail(placeOf(key), child(path, key.Value), didYouMean(key.Value, all), "unknown %s %s", what, quote(key.Value))
	case len(all) == 0:
		d.fail(placeOf(key), child(path, key.Value), "", "unknown %s %s: expected none", what, quote(key.Value))
	default:
		d.fail(placeOf(key), child(path, key.Value), "", "unknown %s %s: expected %s", what, quote(key.Value), enumerate(all))
	}
	if _, ok := shape.fields[meant]; ok {
		seen[meant] = true
		d.broken[child(path, meant)] = true
	} else if shape.union != nil {
		d.broken[path] = true
	}
}

// absent fills the fields that the mapping does not have with their defaults, and refuses it when one has none.
func (d *decoder) absent(n *yaml.Node, path string, v reflect.Value, shape shape, seen map[string]bool) {
	for _, name := range shape.order {
		field, at, target := shape.fields[name], child(path, name), v.FieldByIndex(shape.fields[name].index)
		switch {
		case field.required && seen[name] && target.Kind() == reflect.Slice && target.IsNil() && d.sound(at):
			d.fail(d.placeAt(at), at, "", "the list is empty: expected one element at the least")
		case seen[name] || !target.IsZero():
		case field.fallback != nil:
			d.value(field.fallback, at, target)
		case field.required && d.broken[child(path, mergeKey)]:
			d.broken[at] = true
		case field.required:
			d.fail(d.placeAtOr(path, n), at, "", "the field is missing: expected %s", expected(target.Type()))
		}
	}
}
