package experiment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

// maxSize bounds a file: an experiment is written by hand, so a larger one is a mistake or an attack.
const maxSize = 1 << 20

// Loader reads files of the language. It is strict: an unknown field, a duplicate key, a wrong type or a missing field
// is a problem with a position, and all problems of a file are found at once.
//
// Its zero value knows no members of unions, and so refuses every fault, probe and expectation.
type Loader struct {
	Catalogue Catalogue
}

// File is what one file holds: one document or several, separated by `---`.
type File struct {
	// Name is the file's name as it was given; paths inside of the documents are relative to its directory.
	Name      string
	Documents []Document
}

// Document is one document of a file. One of its two pointers is set.
type Document struct {
	// File is the name of the file that holds the document.
	File string
	// Line and Column are where its name stands.
	Line, Column int

	Experiment *Experiment
	GameDay    *GameDay
}

// LoadFile reads the file at path. What is wrong inside of the file is returned as [Problems]; a file that cannot be
// read is another error.
func (l Loader) LoadFile(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return l.Load(path, file)
}

// Load reads documents from r; name stands for the file in problems. JSON is read too, being YAML.
//
// There is no file beside an error: a document is not to be trusted when another of its file is wrong.
func (l Loader) Load(name string, r io.Reader) (*File, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(text) > maxSize {
		return nil, Problems{{File: name, Line: 1, Column: 1, Message: "the file is larger than 1 MiB"}}
	}
	file := &File{Name: name}
	var problems Problems
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for len(problems) < maxProblems {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			problems = append(problems, syntaxProblem(name, text, err))
			break
		}
		if root := node.Content[0]; !isNull(root) {
			document, found := l.document(name, root)
			file.Documents = append(file.Documents, document)
			problems = append(problems, found...)
		}
	}
	if len(problems) == 0 && len(file.Documents) == 0 {
		problems = Problems{{File: name, Line: 1, Column: 1, Message: "the file holds no document: expected an " + KindExperiment + " or a " + KindGameDay}}
	}
	if len(problems) > 0 {
		problems.sort()
		return nil, problems
	}
	return file, nil
}

// Experiment is the one document of the file, where the file holds one experiment and nothing else.
func (f *File) Experiment() (*Experiment, error) {
	if len(f.Documents) == 1 && f.Documents[0].Experiment != nil {
		return f.Documents[0].Experiment, nil
	}
	return nil, f.expected(KindExperiment)
}

// GameDay is the one document of the file, where the file holds one game day and nothing else.
func (f *File) GameDay() (*GameDay, error) {
	if len(f.Documents) == 1 && f.Documents[0].GameDay != nil {
		return f.Documents[0].GameDay, nil
	}
	return nil, f.expected(KindGameDay)
}

// expected says what the file holds in place of one document of the kind.
func (f *File) expected(kind string) error {
	held := fmt.Sprintf("%d documents", len(f.Documents))
	if len(f.Documents) == 1 {
		held = "a document of kind " + KindExperiment
		if f.Documents[0].GameDay != nil {
			held = "a document of kind " + KindGameDay
		}
	}
	return Problems{{File: f.Name, Message: fmt.Sprintf("the file holds %s: expected one of kind %s", held, kind)}}
}
