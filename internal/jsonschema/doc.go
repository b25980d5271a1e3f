// Package jsonschema describes the language of package experiment as a JSON Schema, for editors and for `chaosctl
// explain`.
//
// A [Generator] walks the same reflection of the Go types that the strict loader walks (experiment.Fields), so that the
// two cannot know different fields, defaults or members. A general library was not taken for that: the loader's rules
// (values of a constructor that make a field optional, unions keyed by name, numbers that may stand for text) are not
// those of encoding/json, and would all have to be written as corrections of what the library assumes.
//
// Descriptions are the doc comments of the Go types, read from their source by [Comments]. A binary has no source, so the
// schemas are made beforehand and kept in the folder schema of the repository, from where they are embedded.
//
// The schemas keep to what draft-07, which editors speak, and 2020-12 both understand.
package jsonschema
