package jsonschema

import (
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Draft is the dialect that the schemas name.
const Draft = "http://json-schema.org/draft-07/schema#"

// Docs gives the comments of types and of their fields.
type Docs interface {
	Type(t reflect.Type) (string, error)
	Field(t reflect.Type, name string) (string, error)
}

// Generator makes schemas of the language with the members of a catalogue.
type Generator struct {
	Catalogue experiment.Catalogue
	// Docs may be nil, for schemas without descriptions.
	Docs Docs
}

// Document is the schema of a document of one kind.
func (g Generator) Document(kind string) (*Schema, error) {
	b := g.builder()
	root := b.document(kind)
	root.Draft, root.Definitions = Draft, b.definitions
	return root, b.err
}

// Any is the schema of a document of any kind.
func (g Generator) Any() (*Schema, error) {
	b := g.builder()
	kinds := slices.Sorted(maps.Keys(experiment.Documents()))
	for _, kind := range kinds {
		b.definitions[kind] = b.document(kind)
	}
	kind := Properties{{"kind", &Schema{Enum: []string{experiment.KindGameDay}}}}
	root := &Schema{
		Draft: Draft, Description: "A document of chaosctl: an experiment or a game day.",
		Type:       Types{"object"},
		Properties: Properties{{"apiVersion", &Schema{Enum: []string{experiment.APIVersion}}}, {"kind", &Schema{Enum: kinds}}},
		Required:   []string{"apiVersion", "kind"},
		If:         &Schema{Properties: kind, Required: []string{"kind"}},
		Then:       &Schema{Ref: definitions + experiment.KindGameDay},
		Else:       &Schema{Ref: definitions + experiment.KindExperiment},
	}
	root.Definitions = b.definitions
	return root, b.err
}

func (g Generator) builder() *builder {
	return &builder{Generator: g, definitions: map[string]*Schema{}, names: map[string]reflect.Type{}}
}

// builder collects the definitions of one schema, and its first error.
type builder struct {
	Generator
	definitions map[string]*Schema
	names       map[string]reflect.Type
	err         error
}

func (b *builder) document(kind string) *Schema {
	t := experiment.Documents()[kind]
	s := b.object(reflect.New(t).Elem())
	s.Description = b.typeDoc(t, phrase(t.Name()))
	s.Properties.Get("apiVersion").Enum = []string{experiment.APIVersion}
	s.Properties.Get("kind").Enum = []string{kind}
	return s
}

// define refers to the definition of a struct, and makes it when it is needed for the first time.
func (b *builder) define(t reflect.Type) *Schema {
	name := t.Name()
	if taken := b.names[name]; taken != nil && taken != t {
		name = path.Base(t.PkgPath()) + "." + name
	}
	if b.names[name] == nil {
		b.names[name] = t
		b.definitions[name] = b.object(reflect.New(t).Elem())
	}
	return &Schema{Ref: definitions + name}
}

// member refers to the definition of a member of a union.
func (b *builder) member(union, name string, build func() any) *Schema {
	key := union + "." + name
	params := reflect.ValueOf(build()).Elem()
	description := b.typeDoc(params.Type(), name)
	if b.definitions[key] == nil {
		s := &Schema{}
		b.definitions[key] = s
		if isObject(params.Type()) {
			*s = *b.object(params)
			if len(s.Required) == 0 {
				s.Type = append(s.Type, "null")
			}
		} else {
			*s = *b.value(params, nil, false)
		}
	}
	return &Schema{Description: description, AllOf: []*Schema{{Ref: definitions + key}}}
}

func (b *builder) typeDoc(t reflect.Type, subject string) string {
	if b.Docs == nil {
		return ""
	}
	text, err := b.Docs.Type(t)
	b.note(err)
	return about(text, t.Name(), subject)
}

func (b *builder) fieldDoc(f experiment.Field) string {
	if b.Docs == nil {
		return ""
	}
	text, err := b.Docs.Field(f.Owner, f.Go.Name)
	b.note(err)
	if text != "" {
		return about(text, f.Go.Name, f.Name)
	}
	// That a field is a duration does not say what it is for.
	if t := named(f.Go.Type); !isText(t) {
		text = b.typeDoc(t, f.Name)
	}
	if text == "" {
		b.note(fmt.Errorf("%s.%s has no doc comment: the schema needs one", f.Owner, f.Go.Name))
	}
	return text
}

func (b *builder) note(err error) {
	if b.err == nil {
		b.err = err
	}
}
