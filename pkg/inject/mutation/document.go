package mutation

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// document is a value that is structured.
type document struct {
	source []byte
	format format
	leaves []leaf
}

// format is a notation.
type format struct {
	// read finds the values inside, in their order; false means that the source is not of this format.
	read func(source []byte) ([]leaf, bool)
	// write is how a value is written in the place of the one that is there.
	write func(l leaf) string
}

// leaf is one value inside that holds no others.
type leaf struct {
	path string
	kind kind
	// value is what is read there.
	value string
	// start and end are where it is written, with its quotes.
	start, end int
	// quote is what it stands in; 0 for nothing.
	quote byte
}

// kind is the type of a leaf.
type kind int

const (
	text kind = iota
	number
	boolean
	// other are null, dates and whatever else cannot be told to be one of these.
	other
)

func (k kind) String() string { return []string{"text", "number", "boolean", "other"}[k] }

// read finds out what a value is.
func read(source []byte) (document, bool) {
	if !utf8.Valid(source) {
		return document{}, false
	}
	// The order counts: all JSON is YAML, and a line of an env file may be a single word. YAML reads text that is quoted as
	// in JSON, and then takes it for nothing else.
	for _, f := range []format{{readJSON, writeJSON}, {readYAML, writeJSON}, {readProperties, writeAsItStands}, {readWord, writeAsItStands}} {
		if leaves, ok := f.read(source); ok {
			return document{source, f, leaves}, true
		}
	}
	return document{}, false
}

// with is the source with another value in the place of one. It makes sure that this is the only one that is read
// otherwise.
func (d document) with(which int, changed leaf) ([]byte, bool) {
	at := d.leaves[which]
	written := d.format.write(changed)
	broken := bytes.Join([][]byte{d.source[:at.start], []byte(written), d.source[at.end:]}, nil)
	again, ok := d.format.read(broken)
	if !ok || len(again) != len(d.leaves) {
		return nil, false
	}
	for i, l := range d.leaves {
		if i == which {
			l = changed
		}
		if again[i].path != l.path || again[i].kind != l.kind || again[i].value != l.value {
			return nil, false
		}
	}
	return broken, true
}

func (d document) paths() []string {
	var all []string
	for _, l := range d.leaves {
		all = append(all, l.path)
	}
	return all
}

// child is the path of a value under a key.
func child(path, key string) string {
	switch {
	case key == "" || strings.ContainsAny(key, ".[]"):
		return path + "[" + key + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// element is the path of a value in a list.
func element(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
