package jsonschema

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// object is the schema of a struct. Values that v has already are defaults, as the loader takes them for such.
func (b *builder) object(v reflect.Value) *Schema {
	s := &Schema{Type: Types{"object"}, Additional: Never()}
	fields, union := experiment.Fields(v.Type())
	choices := map[string][]*Schema{}
	var order []string
	for _, f := range fields {
		s.Properties = append(s.Properties, Property{f.Name, b.field(f, v.FieldByIndex(f.Index))})
		if f.Required && v.FieldByIndex(f.Index).IsZero() {
			s.Required = append(s.Required, f.Name)
		}
		if f.Choice != "" {
			if choices[f.Choice] == nil {
				order = append(order, f.Choice)
			}
			choices[f.Choice] = append(choices[f.Choice], requires(f.Name))
		}
		for _, other := range f.Excludes {
			s.AllOf = append(s.AllOf, &Schema{Not: requires(f.Name, other)})
		}
	}
	for _, choice := range order {
		s.AllOf = append(s.AllOf, &Schema{OneOf: choices[choice]})
	}
	if union != "" {
		b.union(s, union)
	}
	return s
}

// union adds the members of a union to those of an object. Exactly one must be there.
func (b *builder) union(s *Schema, name string) {
	members := b.Catalogue.Members(name)
	for _, kind := range slices.Sorted(maps.Keys(members)) {
		s.Properties = append(s.Properties, Property{kind, b.member(name, kind, members[kind])})
		s.OneOf = append(s.OneOf, requires(kind))
	}
	if len(members) == 0 {
		s.OneOf = []*Schema{Never()}
	}
}

func requires(names ...string) *Schema { return &Schema{Required: names} }

// field is the schema of a field, whose value may be a default.
func (b *builder) field(f experiment.Field, v reflect.Value) *Schema {
	s := b.value(v, optional(f), f.Number)
	if s.Ref != "" {
		// What stands beside $ref does not count in draft-07.
		s = &Schema{AllOf: []*Schema{{Ref: s.Ref}}}
	}
	s.Description = b.fieldDoc(f)
	if name := f.Go.Tag.Get("form"); name != "" && f.Form == nil {
		b.note(fmt.Errorf("%s.%s: there is no form %q", f.Owner, f.Go.Name, name))
	}
	if v.Kind() == reflect.Slice && f.Required {
		s.MinItems = 1
	}
	s.Default = f.Default
	if s.Default == nil && !v.IsZero() {
		var err error
		s.Default, err = written(v)
		b.note(err)
	}
	return s
}

// value is the schema of a value; form, where it is not nil, narrows that of its type or of its elements.
func (b *builder) value(v reflect.Value, form *experiment.Form, number bool) *Schema {
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
		v = reflect.New(t).Elem()
	}
	if isText(t) {
		return textOf(t, form)
	}
	switch t.Kind() {
	case reflect.Struct:
		if v.IsZero() {
			return b.define(t)
		}
		return b.object(v)
	case reflect.Slice:
		return &Schema{Type: Types{"array"}, Items: b.element(t.Elem(), form)}
	case reflect.Map:
		if t.Elem().Kind() == reflect.Interface { // what it holds is known elsewhere
			return &Schema{Type: Types{"object"}}
		}
		return &Schema{Type: Types{"object"}, Additional: b.element(t.Elem(), form)}
	}
	return scalar(t, form, number)
}

func (b *builder) element(t reflect.Type, form *experiment.Form) *Schema {
	s := b.value(reflect.New(t).Elem(), form, false)
	if description := b.typeDoc(t, phrase(t.Name())); s.Ref != "" && description != "" {
		return &Schema{Description: description, AllOf: []*Schema{{Ref: s.Ref}}}
	}
	return s
}

// optional is a field's form, to which the loader adds that empty text counts as none where none is needed.
func optional(f experiment.Field) *experiment.Form {
	bound := f.Required || f.Default != nil || f.Choice != "" || len(f.Excludes) > 0
	if f.Form == nil || bound || f.Go.Type.Kind() != reflect.String {
		return f.Form
	}
	form := *f.Form
	form.Patterns = nil
	for _, pattern := range f.Form.Patterns {
		form.Patterns = append(form.Patterns, "^$|"+pattern)
	}
	return &form
}
