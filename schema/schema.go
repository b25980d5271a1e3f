// Package schema holds the JSON Schemas of the language, for editors: one for experiments, one for game days, and one
// for files that may hold either.
//
// The files are made out of the Go types and their comments, and never written by hand: go generate makes them anew. A
// file names its schema in its first line, by a path relative to itself:
//
//	# yaml-language-server: $schema=../../schema/experiment.schema.json
package schema

import (
	"embed"
	"fmt"
	"slices"
)

//go:generate go test . -run TestKept -update

//go:embed *.schema.json
var files embed.FS

// The schemas by name. Any is that of a document of either kind.
const (
	Experiment = "experiment"
	GameDay    = "gameday"
	Any        = "any"
)

// Names lists the schemas.
func Names() []string { return []string{Experiment, GameDay, Any} }

// File is the name of the file of a schema.
func File(name string) string {
	if name == Any {
		name = "chaosctl"
	}
	return name + ".schema.json"
}

// Text is the schema of that name.
func Text(name string) ([]byte, error) {
	if !slices.Contains(Names(), name) {
		return nil, fmt.Errorf("there is no schema %q", name)
	}
	return files.ReadFile(File(name))
}
