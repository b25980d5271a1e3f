package jsonschema

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Schema is the part of JSON Schema that the language needs. The order of its fields is that of the keys in a file.
type Schema struct {
	Draft       string     `json:"$schema,omitempty"`
	Ref         string     `json:"$ref,omitempty"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	Type        Types      `json:"type,omitempty"`
	Default     any        `json:"default,omitempty"`
	Enum        []string   `json:"enum,omitempty"`
	Pattern     string     `json:"pattern,omitempty"`
	MaxLength   int        `json:"maxLength,omitempty"`
	Minimum     *int64     `json:"minimum,omitempty"`
	Maximum     *int64     `json:"maximum,omitempty"`
	Items       *Schema    `json:"items,omitempty"`
	MinItems    int        `json:"minItems,omitempty"`
	Properties  Properties `json:"properties,omitempty"`
	// Additional is the schema of what Properties does not name; [Never] closes an object.
	Additional  *Schema            `json:"additionalProperties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	If          *Schema            `json:"if,omitempty"`
	Then        *Schema            `json:"then,omitempty"`
	Else        *Schema            `json:"else,omitempty"`
	Not         *Schema            `json:"not,omitempty"`
	OneOf       []*Schema          `json:"oneOf,omitempty"`
	AllOf       []*Schema          `json:"allOf,omitempty"`
	Definitions map[string]*Schema `json:"definitions,omitempty"`

	never bool
}

// Never is the schema that nothing satisfies; it is written as false.
func Never() *Schema { return &Schema{never: true} }

// MarshalJSON writes the schema.
func (s *Schema) MarshalJSON() ([]byte, error) {
	if s.never {
		return []byte("false"), nil
	}
	type plain Schema
	return encode((*plain)(s))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Schema) UnmarshalJSON(text []byte) error {
	if string(text) == "false" {
		*s = Schema{never: true}
		return nil
	}
	type plain Schema
	return json.Unmarshal(text, (*plain)(s))
}

// Text is the schema as a file.
func (s *Schema) Text() ([]byte, error) {
	text, err := encode(s)
	if err != nil {
		return nil, err
	}
	var indented bytes.Buffer
	err = json.Indent(&indented, text, "", "  ")
	indented.WriteByte('\n')
	return indented.Bytes(), err
}

const definitions = "#/definitions/"

// Target is the schema that s stands for, out of the definitions of root.
func (s *Schema) Target(root *Schema) *Schema {
	if found := root.Definitions[s.definition()]; found != nil {
		return found
	}
	return s
}

// Refers says whether s stands for the definition of that name.
func (s *Schema) Refers(name string) bool { return s.definition() == name }

// Accepts says whether there is anything that s accepts; no schema at all accepts everything.
func (s *Schema) Accepts() bool { return s == nil || !s.never }

func (s *Schema) definition() string {
	ref := s.Ref
	if len(s.AllOf) > 0 && s.AllOf[0].Ref != "" {
		ref = s.AllOf[0].Ref
	}
	return strings.TrimPrefix(ref, definitions)
}

// encode is json.Marshal without the escapes that HTML needs and people do not.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}
