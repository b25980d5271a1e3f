package experiment

import (
	"reflect"
	"strings"
)

// Field is one field of a struct of the language as the loader reads it, for those who describe the language.
type Field struct {
	// Name is the field's key in a file.
	Name string
	// Go is the field's declaration, in the struct Owner; Index leads to it from the struct that was asked about.
	Go    reflect.StructField
	Owner reflect.Type
	Index []int
	// Required says that the field must be in the file, unless its value is there already by way of [Kinds].
	Required bool
	// Default is what an absent field is read as, nil where its tag has none.
	Default any
	// Number lets a number be written for text.
	Number bool
	// Form narrows that of the field's type, or of its elements; nil where its tag names none.
	Form *Form
	// Choice is shared by the fields of which there must be exactly one.
	Choice string
	// Excludes are the fields that this one cannot stand beside.
	Excludes []string
}

// Fields lists the fields of a struct of the language in the order of their declaration, and the name of its union, ""
// where it has none. Tags say what neither the loader's rules nor the types do:
//
//   - `form:"dns-label"` names a [Form] of [FormOf];
//   - `choice:"pods"` stands at fields of which there must be exactly one;
//   - `excludes:"service,port"` names fields that there cannot be beside this one.
func Fields(t reflect.Type) (fields []Field, union string) {
	s := shapeOf(t)
	if s.union != nil {
		union = s.union.name
	}
	for _, name := range s.order {
		f := s.fields[name]
		owner := t
		if last := len(f.index) - 1; last > 0 {
			owner = t.FieldByIndex(f.index[:last]).Type
		}
		declared := t.FieldByIndex(f.index)
		field := Field{Name: name, Go: declared, Owner: owner, Index: f.index, Required: f.required, Number: f.number, Choice: declared.Tag.Get("choice")}
		if f.fallback != nil {
			// The node is made of a tag's text, which is a scalar or {}.
			_ = f.fallback.Decode(&field.Default)
		}
		if form, ok := FormOf(declared.Tag.Get("form")); ok {
			field.Form = &form
		}
		if others := declared.Tag.Get("excludes"); others != "" {
			field.Excludes = strings.Split(others, ",")
		}
		fields = append(fields, field)
	}
	return fields, union
}

// Documents gives the type of each kind of document.
func Documents() map[string]reflect.Type {
	return map[string]reflect.Type{KindExperiment: reflect.TypeFor[Experiment](), KindGameDay: reflect.TypeFor[GameDay]()}
}

// Members are the members that a union may have, by the name that [Fields] gives.
func (c Catalogue) Members(union string) Kinds { return c.kinds(union) }

// Nearest is the candidate that was most likely meant by what was written, "" where none is likely.
func Nearest(written string, candidates []string) string { return nearest(written, candidates) }
