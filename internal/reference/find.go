package reference

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/chaosctl/chaosctl/internal/jsonschema"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Topic is one thing that can be explained: a member, a kind of document, or a field of either.
type Topic struct {
	// Path is how it was asked for, in the right spelling.
	Path string
	// Entry is set for members, and nil for documents and fields.
	Entry *Entry
	// Noun is what the topic is: fault, field, document.
	Noun string

	schema   *jsonschema.Schema
	required bool
	root     *jsonschema.Schema
}

// NotFound says that there is no such topic.
type NotFound struct {
	// Name is the part of the path that is not known, In what should have it; "" for the first part.
	Name, In string
	// Nearest is what was probably meant, "" where nothing is near.
	Nearest string
	Known   []string
}

func (e *NotFound) Error() string {
	if e.In != "" {
		return fmt.Sprintf("%s has no field %q", e.In, e.Name)
	}
	return fmt.Sprintf("there is no fault, probe, expectation or document %q", e.Name)
}

// Hint says what to ask instead.
func (e *NotFound) Hint() string {
	switch {
	case e.Nearest != "":
		return fmt.Sprintf("did you mean %q?", e.Nearest)
	case len(e.Known) == 0:
		return "it has no fields"
	}
	return "there are " + strings.Join(e.Known, ", ")
}

// Names lists what a path may begin with.
func (b *Book) Names() []string {
	names := slices.Collect(maps.Keys(documents()))
	for _, e := range b.entries {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Find looks up a path such as podKill.gracePeriod or experiment.spec.load.http; the elements of a list stand for the
// list. Several unions may have members of one name, so that there can be more than one answer.
func (b *Book) Find(path string) ([]Topic, error) {
	name, fields, _ := strings.Cut(path, ".")
	var found []Topic
	var first error
	starts := b.starts(name)
	for _, start := range starts {
		topic, err := start.descend(fields)
		if err == nil {
			found = append(found, topic)
		} else if first == nil {
			first = err
		}
	}
	if len(starts) == 0 {
		return nil, &NotFound{Name: name, Nearest: experiment.Nearest(name, b.Names()), Known: b.Names()}
	}
	if len(found) == 0 {
		return nil, first
	}
	return found, nil
}

func (b *Book) starts(name string) []Topic {
	var found []Topic
	if kind, ok := documents()[name]; ok {
		found = append(found, Topic{Path: name, Noun: "document", schema: b.root.Definitions[kind], root: b.root})
	}
	for i := range b.entries {
		if e := &b.entries[i]; e.Name == name {
			found = append(found, Topic{Path: name, Noun: e.Noun, Entry: e, schema: b.member(*e), root: b.root})
		}
	}
	return found
}

// descend follows the names of fields, separated by dots.
func (t Topic) descend(fields string) (Topic, error) {
	if fields == "" {
		return t, nil
	}
	name, rest, _ := strings.Cut(fields, ".")
	object := t.object()
	field := object.Properties.Get(name)
	if field == nil {
		known := t.Fields()
		return Topic{}, &NotFound{Name: name, In: t.Path, Nearest: experiment.Nearest(name, known), Known: known}
	}
	next := Topic{Path: t.Path + "." + name, Noun: "field", schema: field, required: slices.Contains(object.Required, name), root: t.root}
	return next.descend(rest)
}

// object is what holds the topic's fields: that of its elements for a list.
func (t Topic) object() *jsonschema.Schema {
	s := t.schema.Target(t.root)
	for s.Items != nil {
		s = s.Items.Target(t.root)
	}
	return s
}

// Fields are the names of the topic's own fields.
func (t Topic) Fields() []string {
	var names []string
	for _, p := range t.object().Properties {
		names = append(names, p.Name)
	}
	return names
}
