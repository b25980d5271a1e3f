package experiment

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// maxProblems is where a document is given up: nobody reads more, and a hostile file has a million.
const maxProblems = 100

// maxMessage bounds, in runes, what one problem repeats of the file.
const maxMessage = 400

// place is a position in a file; its zero value means none.
type place struct{ line, column int }

func placeOf(n *yaml.Node) place { return place{n.Line, n.Column} }

// findings collects the problems of one document, and remembers where its values stand.
type findings struct {
	file     string
	problems Problems
	places   map[string]place
	// broken are the paths whose values are not what the author meant, so that nothing more can be said about them.
	broken map[string]bool
}

func newFindings(file string) *findings {
	return &findings{file: file, places: map[string]place{}, broken: map[string]bool{}}
}

// fail adds a problem that leaves the value at path unknown.
func (f *findings) fail(at place, path, hint, format string, args ...any) {
	f.broken[path] = true
	f.add(at, path, hint, format, args...)
}

// refuse adds a problem of meaning: the value is well-formed and wrong. It stays silent where the value, a part of it or
// what holds it is broken, since the problem may only be a consequence.
func (f *findings) refuse(path, hint, format string, args ...any) {
	if f.sound(path) {
		f.add(f.placeAt(path), path, hint, format, args...)
	}
}

func (f *findings) add(at place, path, hint, format string, args ...any) {
	if f.full() {
		return
	}
	problem := Problem{File: f.file, Line: at.line, Column: at.column, Path: clip(path), Message: clip(fmt.Sprintf(format, args...)), Hint: clip(hint)}
	if f.problems = append(f.problems, problem); f.full() {
		f.problems = append(f.problems, Problem{File: f.file, Line: at.line, Column: at.column, Message: "there are too many problems to show the rest"})
	}
}

func (f *findings) full() bool { return len(f.problems) >= maxProblems }

// sound says whether the value at path is what the file says.
func (f *findings) sound(path string) bool {
	for broken := range f.broken {
		if within(path, broken) || within(broken, path) {
			return false
		}
	}
	return true
}

// placeAt is where the value at path stands, or else the nearest value that holds it.
func (f *findings) placeAt(path string) place {
	for {
		if at, ok := f.places[path]; ok || path == "" {
			return at
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

// within says whether inner is outer, or the path of a part of it.
func within(inner, outer string) bool {
	rest, ok := strings.CutPrefix(inner, outer)
	return ok && (rest == "" || outer == "" || rest[0] == '.' || rest[0] == '[')
}

// child is the path of a field of the value at path.
func child(path, name string) string {
	switch {
	case strings.ContainsFunc(name, func(r rune) bool { return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }):
		return path + "[" + quote(name) + "]"
	case path == "" || name == "":
		return path + name
	}
	return path + "." + name
}

func element(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// clip keeps a message short and on one line, whatever of the file it repeats.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > maxMessage {
		return string(runes[:maxMessage]) + "…"
	}
	return s
}

// quote is a value of the file as a message shows it.
func quote(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		s = string(runes[:60]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// oneOf refuses a value that is none of those that are known.
func (f *findings) oneOf(path, kind, value string, among []string) bool {
	if slices.Contains(among, value) {
		return true
	}
	if len(among) == 0 {
		f.refuse(path, "", "there is no %s %s: the experiment has none", kind, quote(value))
		return false
	}
	f.refuse(path, didYouMean(value, among), "there is no %s %s: expected %s", kind, quote(value), enumerate(among))
	return false
}
