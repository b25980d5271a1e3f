package experiment

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Enumeration is implemented by named string types that have few right values; the loader refuses all others.
type Enumeration interface {
	Values() []string
}

// scalar decodes the basic types. It is stricter than YAML: numbers are decimal, text is not taken for a number nor a
// number for text, and null is no value.
func (d *decoder) scalar(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		d.mismatch(n, path, v.Type())
		return
	}
	tag := n.ShortTag()
	ok := false
	switch v.Kind() {
	case reflect.String:
		if ok = tag == "!!str" || tag == "!!timestamp"; ok {
			d.str(n, path, v)
		}
	case reflect.Bool:
		if ok = tag == "!!bool" && (n.Value == "true" || n.Value == "false"); ok {
			v.SetBool(n.Value == "true")
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(n.Value, 10, v.Type().Bits())
		if ok = tag == "!!int" && err == nil && isDecimal(n.Value); ok {
			v.SetInt(i)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		i, err := strconv.ParseUint(n.Value, 10, v.Type().Bits())
		if ok = tag == "!!int" && err == nil && isDecimal(n.Value); ok {
			v.SetUint(i)
		}
	case reflect.Float32, reflect.Float64:
		x, err := strconv.ParseFloat(n.Value, v.Type().Bits())
		if ok = (tag == "!!float" || tag == "!!int") && err == nil && !math.IsInf(x, 0) && !math.IsNaN(x); ok {
			v.SetFloat(x)
		}
	}
	if !ok {
		d.mismatch(n, path, v.Type())
	}
}

// str sets text, and holds an enumeration to its values.
func (d *decoder) str(n *yaml.Node, path string, v reflect.Value) {
	if hasControl(n.Value) {
		d.fail(placeOf(n), path, "", "the text has a control character")
		return
	}
	v.SetString(n.Value)
	if enumeration, ok := v.Addr().Interface().(Enumeration); ok {
		if values := enumeration.Values(); !slices.Contains(values, n.Value) {
			d.fail(d.placeAtOr(path, n), path, didYouMean(n.Value, values), "%s is not known: expected %s", quote(n.Value), enumerate(values))
		}
	}
}

// isDecimal leaves out numbers that YAML 1.1 and 1.2 read differently, such as 010.
func isDecimal(s string) bool {
	digits := strings.TrimLeft(s, "+-")
	return digits == "0" || !strings.HasPrefix(digits, "0")
}

// hasControl finds characters that have no place in a configuration, and could deceive whoever reads a report in a
// terminal.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// isPlain says whether a scalar has one of the tags of the language: no binary, and no tag of the author's own.
func isPlain(n *yaml.Node) bool {
	switch n.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!timestamp":
		return true
	}
	return false
}

// dereference is the node that an alias stands for. The parser allows no alias of an alias.
func dereference(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}
