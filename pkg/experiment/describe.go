package experiment

import (
	"encoding"
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// describe is a node as a message names what was found.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!bool":
		return n.Value
	case "!!int", "!!float":
		return "the number " + clip(n.Value)
	case "!!str", "!!timestamp":
		return "the text " + quote(n.Value)
	}
	return "a value tagged " + clip(n.ShortTag())
}

// Exemplar is implemented by types that read themselves from text, to say what they expect: "a duration such as 10s".
type Exemplar interface {
	Expected() string
}

// expected is a type as a message names what was expected.
func expected(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch zero := reflect.New(t).Interface().(type) {
	case Exemplar:
		return zero.Expected()
	case Enumeration:
		return enumerate(zero.Values())
	case encoding.TextUnmarshaler:
		return "text"
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "a mapping"
	case reflect.Slice:
		return "a list"
	case reflect.String:
		return "text"
	case reflect.Interface:
		return "a value"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	if t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 {
		return "a whole number" + bounds(t)
	}
	return "nothing, as this version cannot read the field"
}

// bounds says what fits into an integer type, where that could surprise.
func bounds(t reflect.Type) string {
	switch {
	case t.Kind() >= reflect.Uint:
		return " of 0 or more"
	case t.Bits() < 64:
		return fmt.Sprintf(" of %d bits", t.Bits())
	}
	return ""
}

// correction is a hint for the mistakes that YAML itself invites.
func correction(n *yaml.Node, t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Slice && n.Kind == yaml.MappingNode:
		return `start each element with "- "`
	case t == reflect.TypeFor[string]() && n.Kind == yaml.ScalarNode && !isNull(n) && isPlain(n):
		return "quote it: " + quote(n.Value)
	case t.Kind() != reflect.String && n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 && isNumberOrBool(n.Value):
		return "write it without quotes"
	case t.Kind() == reflect.Struct && n.Kind == yaml.SequenceNode && len(n.Content) == 1:
		return `leave out the "- "`
	}
	return ""
}

// isNumberOrBool says what the text would be without its quotes.
func isNumberOrBool(s string) bool {
	switch (&yaml.Node{Kind: yaml.ScalarNode, Value: s}).ShortTag() {
	case "!!int", "!!float", "!!bool":
		return true
	}
	return false
}
