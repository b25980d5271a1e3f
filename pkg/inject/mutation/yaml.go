package mutation

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// readYAML reads a single document that is a mapping or a list. Of its values it finds those that are written in one line,
// without an anchor and without a tag.
func readYAML(source []byte) ([]leaf, bool) {
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	var first, second yaml.Node
	if decoder.Decode(&first) != nil || !errors.Is(decoder.Decode(&second), io.EOF) || len(first.Content) != 1 {
		return nil, false
	}
	root := first.Content[0]
	if root.Kind != yaml.MappingNode && root.Kind != yaml.SequenceNode {
		return nil, false
	}
	r := yamlReader{source: source, lines: linesOf(source)}
	r.value("", root)
	return r.leaves, true
}

type yamlReader struct {
	source []byte
	lines  []int
	leaves []leaf
}

func (r *yamlReader) value(path string, n *yaml.Node) {
	switch n.Kind {
	case yaml.SequenceNode:
		for i, item := range n.Content {
			r.value(element(path, i), item)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if key := n.Content[i]; key.Kind == yaml.ScalarNode {
				r.value(child(path, key.Value), n.Content[i+1])
			}
		}
	case yaml.ScalarNode:
		if start, end, ok := r.span(n); ok {
			l := leaf{path: path, kind: yamlKind(n), value: n.Value, start: start, end: end}
			if n.Style != 0 {
				l.quote = r.source[start]
			}
			r.leaves = append(r.leaves, l)
		}
	}
}

func yamlKind(n *yaml.Node) kind {
	switch n.ShortTag() {
	case "!!str":
		return text
	case "!!int", "!!float":
		return number
	case "!!bool":
		return boolean
	}
	return other
}

// span is where a scalar is written. Columns count characters.
func (r *yamlReader) span(n *yaml.Node) (start, end int, ok bool) {
	if n.Line < 1 || n.Line > len(r.lines) {
		return 0, 0, false
	}
	start = r.lines[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(r.source[start:])
		start += size
	}
	rest := string(r.source[start:])
	var length int
	switch n.Style {
	case 0:
		if !strings.HasPrefix(rest, n.Value) {
			return 0, 0, false
		}
		length = len(n.Value)
	case yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle:
		length = quoted(rest)
	default:
		return 0, 0, false
	}
	return start, start + length, length > 0
}

// quoted is how long the quoted text is that a text begins with; 0 where it does not end in its line.
func quoted(s string) int {
	for i := 1; i < len(s) && s[i] != '\n'; i++ {
		switch {
		case s[0] == '"' && s[i] == '\\':
			i++
		case s[0] == '\'' && s[i] == '\'' && i+1 < len(s) && s[i+1] == '\'':
			i++
		case s[i] == s[0]:
			return i + 1
		}
	}
	return 0
}

// linesOf is where lines begin, as YAML counts them.
func linesOf(source []byte) []int {
	starts := []int{0}
	for i, c := range string(source) {
		switch c {
		case '\r':
			if i+1 < len(source) && source[i+1] == '\n' {
				continue
			}
			starts = append(starts, i+1)
		case '\n', '\u0085', '\u2028', '\u2029':
			starts = append(starts, i+utf8.RuneLen(c))
		}
	}
	return starts
}
