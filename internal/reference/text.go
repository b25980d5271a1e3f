package reference

import (
	"fmt"
	"io"
	"strings"

	"github.com/chaosctl/chaosctl/internal/jsonschema"
)

// Text writes a topic for a terminal that is so many columns wide.
func (t Topic) Text(w io.Writer, width int) {
	head := fmt.Sprintf("%s: %s", strings.ToUpper(t.Noun), t.Path)
	if t.Noun == "field" {
		head += " <" + typeOf(t.schema, t.root) + ">"
	}
	fmt.Fprintln(w, head)
	for _, remark := range remarks(t.schema, t.root, t.required) {
		fmt.Fprintln(w, "  "+remark)
	}
	if t.Entry != nil {
		fmt.Fprintf(w, "  an element of %s\n", t.Entry.List)
		fmt.Fprintf(w, "\n%s\n", wrap(t.Entry.Summary, "", width))
	}
	if t.schema.Description != "" {
		fmt.Fprintf(w, "\nDESCRIPTION:\n%s\n", wrap(t.schema.Description, "  ", width))
	}
	t.fields(w, "FIELDS", false, width)
	t.fields(w, "AND ONE OF", true, width)
	if t.Entry != nil {
		fmt.Fprintf(w, "\nEXAMPLE:\n  %s\n", strings.ReplaceAll(strings.TrimSpace(t.Entry.Example), "\n", "\n  "))
	}
}

// fields writes the declared fields of what the topic holds, or the members of its union.
func (t Topic) fields(w io.Writer, title string, union bool, width int) {
	object := t.object()
	for _, p := range object.Properties {
		if isUnion(object, p.Name) != union {
			continue
		}
		if title != "" {
			fmt.Fprintf(w, "\n%s:\n", title)
			title = ""
		}
		fieldText(w, t.root, object, p, width)
	}
}

func fieldText(w io.Writer, root, object *jsonschema.Schema, p jsonschema.Property, width int) {
	line := fmt.Sprintf("  %s <%s>", p.Name, typeOf(p.Schema, root))
	if notes := remarks(p.Schema, root, isRequired(object, p.Name)); len(notes) > 0 {
		line += " " + strings.Join(notes, "; ")
	}
	fmt.Fprintf(w, "%s\n%s\n", line, wrap(p.Schema.Description, "      ", width))
}

// wrap breaks text into lines, each after an indent.
func wrap(text, indent string, width int) string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		line := indent
		for word := range strings.FieldsSeq(paragraph) {
			if len(line) > len(indent) && len(line)+1+len(word) > width {
				lines = append(lines, line)
				line = indent
			}
			if len(line) > len(indent) {
				line += " "
			}
			line += word
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
