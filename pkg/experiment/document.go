package experiment

import (
	"maps"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"
)

// reader makes a document of one version and kind out of its tree.
type reader func(d *decoder, root *yaml.Node) Document

// versions holds the readers of every version of the language, by kind. A later version is added here: its reader
// decodes into types of its own, and converts them into those of this package.
func versions() map[string]map[string]reader {
	return map[string]map[string]reader{
		APIVersion: {KindExperiment: readExperiment, KindGameDay: readGameDay},
	}
}

func readExperiment(d *decoder, root *yaml.Node) Document {
	e := &Experiment{}
	d.value(root, "", reflect.ValueOf(e).Elem())
	e.complete()
	e.readTraces(d.findings)
	e.validate(d.findings)
	return d.document(Document{Experiment: e})
}

func readGameDay(d *decoder, root *yaml.Node) Document {
	g := &GameDay{}
	d.value(root, "", reflect.ValueOf(g).Elem())
	g.validate(d.findings)
	return d.document(Document{GameDay: g})
}

// document adds to what was read where it was.
func (d *decoder) document(read Document) Document {
	at := d.placeAt("metadata.name")
	read.File, read.Line, read.Column = d.file, at.line, at.column
	return read
}

// document reads one document, once its version and kind are known. The fields of an unknown version or kind are not
// looked at, since nothing can be said about them.
func (l Loader) document(file string, root *yaml.Node) (Document, Problems) {
	d := &decoder{findings: newFindings(file), catalogue: l.Catalogue}
	if root.Kind != yaml.MappingNode {
		d.fail(placeOf(root), "", "", "expected a mapping that starts with apiVersion and kind, found %s", describe(root))
		return Document{}, d.problems
	}
	kinds, ok := choose(d, root, "apiVersion", versions(), APIVersion)
	if !ok {
		return Document{}, d.problems
	}
	read, ok := choose(d, root, "kind", kinds, "")
	if !ok {
		return Document{}, d.problems
	}
	return read(d, root), d.problems
}

// choose looks up the value that the document's head has for key. A missing key, or one that holds no text, is left to
// the decoder to report where there is a fallback.
func choose[T any](d *decoder, root *yaml.Node, key string, among map[string]T, fallback string) (chosen T, ok bool) {
	names := slices.Sorted(maps.Keys(among))
	node := lookup(root, key)
	if node == nil || node.Kind != yaml.ScalarNode || isNull(node) {
		if fallback == "" {
			d.fail(placeOf(root), key, "", "the document does not say its %s: expected %s", key, enumerate(names))
		}
		chosen, ok = among[fallback]
		return chosen, ok
	}
	if chosen, ok = among[node.Value]; !ok {
		d.fail(placeOf(node), key, didYouMean(node.Value, names), "unknown %s %s: expected %s", key, quote(node.Value), enumerate(names))
	}
	return chosen, ok
}

// lookup is the value of a key of a mapping, nil where there is none.
func lookup(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return dereference(mapping.Content[i+1])
		}
	}
	return nil
}
