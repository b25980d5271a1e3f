package jsonschema

import (
	"encoding"
	"reflect"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func isObject(t reflect.Type) bool { return t.Kind() == reflect.Struct && !isText(t) }

// named is the type that a field's value or its elements have.
func named(t reflect.Type) reflect.Type {
	for t.Name() == "" && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) {
		t = t.Elem()
	}
	return t
}

// textOf is the schema of a type that reads itself from text.
func textOf(t reflect.Type, form *experiment.Form) *Schema {
	if former, ok := reflect.Zero(t).Interface().(experiment.Former); ok && form == nil {
		own := former.Form()
		form = &own
	}
	return shaped(&Schema{Type: Types{"string"}}, form)
}

// scalar is the schema of a basic type.
func scalar(t reflect.Type, form *experiment.Form, number bool) *Schema {
	if enumeration, ok := reflect.Zero(t).Interface().(experiment.Enumeration); ok {
		return &Schema{Type: Types{"string"}, Enum: enumeration.Values()}
	}
	s := &Schema{Type: Types{"integer"}}
	switch kind := t.Kind(); {
	case kind == reflect.String:
		s.Type = Types{"string"}
		if number && (form == nil || form.Numbers == nil) {
			s.Type = append(s.Type, "integer")
		}
	case kind == reflect.Bool:
		s.Type = Types{"boolean"}
	case kind == reflect.Float32 || kind == reflect.Float64:
		s.Type = Types{"number"}
	case kind >= reflect.Uint && kind <= reflect.Uint64:
		s.Minimum = new(int64)
		if t.Bits() < 64 {
			s.Maximum = pointer(int64(1)<<t.Bits() - 1)
		}
	case t.Bits() < 64:
		s.Minimum, s.Maximum = pointer(int64(-1)<<(t.Bits()-1)), pointer(int64(1)<<(t.Bits()-1)-1)
	}
	return shaped(s, form)
}

func pointer(i int64) *int64 { return &i }

// shaped narrows a schema to a form.
func shaped(s *Schema, form *experiment.Form) *Schema {
	if form == nil {
		return s
	}
	s.Title, s.Enum, s.MaxLength = form.Name, form.Values, form.MaxLength
	for i, pattern := range form.Patterns {
		if i == 0 {
			s.Pattern = pattern
		} else {
			s.AllOf = append(s.AllOf, &Schema{Pattern: pattern})
		}
	}
	if form.Numbers != nil {
		if s.Type[0] == "string" {
			s.Type = append(s.Type, "integer")
		}
		s.Minimum, s.Maximum = form.Numbers.Min, form.Numbers.Max
	}
	return s
}
