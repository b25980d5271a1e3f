// Package experiments is the built-in library: one file for each experiment, in a folder named after the promise that
// it tests. The files are embedded, and can be run by name against any workload.
package experiments

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Files holds the library.
//
//go:embed */*.yaml
var Files embed.FS

// Names lists the experiments; a name is that of the file, without its folder and its extension.
func Names() []string {
	var names []string
	for _, file := range files() {
		names = append(names, nameOf(file))
	}
	slices.Sort(names)
	return names
}

// Path is the file of the experiment of that name.
func Path(name string) (string, bool) {
	for _, file := range files() {
		if nameOf(file) == name {
			return file, true
		}
	}
	return "", false
}

func nameOf(file string) string { return strings.TrimSuffix(path.Base(file), ".yaml") }

func files() []string {
	// The pattern is sound, and the files are in the binary: there is no error to have.
	found, _ := fs.Glob(Files, "*/*.yaml")
	return found
}
