package jsonschema

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
)

// Comments reads doc comments from the source of a module.
type Comments struct {
	// Root is the module's directory, Module its path.
	Root, Module string

	read map[string]map[string]string
}

// Type is the doc comment of a type, "" where it has none. Its subject is the type's name.
func (c *Comments) Type(t reflect.Type) (string, error) { return c.find(t, t.Name()) }

// Field is the doc comment of a field of a struct, "" where it has none. Its subject is the field's Go name.
func (c *Comments) Field(t reflect.Type, name string) (string, error) {
	return c.find(t, t.Name()+"."+name)
}

func (c *Comments) find(t reflect.Type, key string) (string, error) {
	directory, ok := strings.CutPrefix(t.PkgPath(), c.Module+"/")
	if !ok {
		return "", nil
	}
	if c.read[directory] == nil {
		found, err := readComments(filepath.Join(c.Root, directory))
		if err != nil {
			return "", fmt.Errorf("reading the comments of %s: %w", t.PkgPath(), err)
		}
		if c.read == nil {
			c.read = map[string]map[string]string{}
		}
		c.read[directory] = found
	}
	return c.read[directory][key], nil
}

// readComments maps the names of types, and of their fields after a dot, to their comments.
func readComments(directory string) (map[string]string, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(directory, entry.Name()), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, declaration := range file.Decls {
			if general, ok := declaration.(*ast.GenDecl); ok {
				collect(found, general)
			}
		}
	}
	return found, nil
}

func collect(found map[string]string, declaration *ast.GenDecl) {
	for _, spec := range declaration.Specs {
		t, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		comment := t.Doc
		if comment == nil {
			comment = declaration.Doc
		}
		found[t.Name.Name] = prose(comment)
		if s, ok := t.Type.(*ast.StructType); ok {
			for _, field := range s.Fields.List {
				for _, name := range field.Names {
					found[t.Name.Name+"."+name.Name] = prose(field.Doc)
				}
			}
		}
	}
}

var docLink = regexp.MustCompile(`\[([A-Z][A-Za-z.]*)\]`)

// prose is a comment with one line for each paragraph, and without Go's links.
func prose(comment *ast.CommentGroup) string {
	paragraphs := strings.Split(strings.TrimSpace(comment.Text()), "\n\n")
	for i, paragraph := range paragraphs {
		paragraphs[i] = docLink.ReplaceAllString(strings.Join(strings.Fields(paragraph), " "), "$1")
	}
	return strings.Join(paragraphs, "\n\n")
}
