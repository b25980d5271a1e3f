package experiment

import (
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// shape is what the loader reads out of a struct's tags.
type shape struct {
	fields map[string]field
	// order holds the names of the fields as they are declared.
	order []string
	union *union
}

// field is one field of a struct, by the name of its json tag.
type field struct {
	index    []int
	required bool
	// fallback is the value of a field that is absent, nil where there is none.
	fallback *yaml.Node
	// number allows a number for text, for what has both names and numbers.
	number bool
}

// union is the place of a struct for a member of one of the catalogue's unions.
type union struct {
	name  string
	index []int
}

// noun is what a message calls a member.
func (u *union) noun() string {
	return map[string]string{"faults": "fault", "probes": "probe", "expectations": "expectation", "aborts": "abort condition"}[u.name]
}

// shapeOf reads the tags of t. As in encoding/json, the fields of an embedded struct without a name of its own count as
// fields of t.
func shapeOf(t reflect.Type) shape {
	s := shape{fields: map[string]field{}}
	s.collect(t, nil)
	return s
}

func (s *shape) collect(t reflect.Type, index []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(index[:len(index):len(index)], i)
		if name, ok := f.Tag.Lookup("union"); ok {
			s.union = &union{name: name, index: at}
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			s.collect(f.Type, at)
			continue
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		s.order = append(s.order, name)
		s.fields[name] = newField(f, at, options)
	}
}

func newField(f reflect.StructField, index []int, options string) field {
	made := field{index: index, number: f.Tag.Get("number") == "allowed"}
	made.required = !strings.Contains(options, "omitempty") && !strings.Contains(options, "omitzero")
	if text, ok := f.Tag.Lookup("default"); ok {
		made.required = false
		made.fallback = &yaml.Node{Kind: yaml.ScalarNode, Value: text}
		if text == "{}" {
			made.fallback = &yaml.Node{Kind: yaml.MappingNode}
		}
	}
	return made
}

// unquoted is the value with the quotes that a number needs to be text, where the field allows to leave them out.
func (f field) unquoted(n *yaml.Node) *yaml.Node {
	if !f.number || n.ShortTag() != "!!int" {
		return n
	}
	quoted := *n
	quoted.Tag = "!!str"
	return &quoted
}

// kinds are the members of the union with that name in a tag.
func (c Catalogue) kinds(union string) Kinds {
	return map[string]Kinds{"faults": c.Faults, "probes": c.Probes, "expectations": c.Expectations, "aborts": c.Aborts}[union]
}
