package jsonschema

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Types are the JSON types that a value may have.
type Types []string

// MarshalJSON writes a single type without a list.
func (t Types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// UnmarshalJSON reads one type or a list.
func (t *Types) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = Types{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(t))
}

// Property is one property of an object.
type Property struct {
	Name   string
	Schema *Schema
}

// Properties are those of an object in the order in which the language declares them, which is the order to read them in.
type Properties []Property

// Get is the property of that name, nil where there is none.
func (p Properties) Get(name string) *Schema {
	for _, property := range p {
		if property.Name == name {
			return property.Schema
		}
	}
	return nil
}

// MarshalJSON writes an object.
func (p Properties) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	for i, property := range p {
		text, err := encode(property.Schema)
		if err != nil {
			return nil, err
		}
		separator := byte(',')
		if i == 0 {
			separator = '{'
		}
		out.WriteByte(separator)
		fmt.Fprintf(&out, "%q:%s", property.Name, text)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// UnmarshalJSON reads an object, and keeps its order.
func (p *Properties) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		property := Property{Name: fmt.Sprint(name), Schema: &Schema{}}
		if err := decoder.Decode(property.Schema); err != nil {
			return err
		}
		*p = append(*p, property)
	}
	return nil
}
