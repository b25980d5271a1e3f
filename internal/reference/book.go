package reference

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chaosctl/chaosctl/internal/jsonschema"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/verdict"
	"github.com/chaosctl/chaosctl/schema"
)

// Entry is a member of one of the language's unions.
type Entry struct {
	// Noun is what a member of the union is called: fault.
	Noun string
	// List is where it stands in an experiment, such as spec.faults.
	List    string
	Name    string
	Summary string
	// Example is one or more elements of the list, as YAML.
	Example string
	union   string
}

// Entries lists all members: faults, probes, expectations, abort conditions.
func Entries() []Entry {
	var all []Entry
	add := func(noun, union, list, name, summary, example string) {
		all = append(all, Entry{Noun: noun, List: list, Name: name, Summary: summary, Example: strings.TrimSpace(example) + "\n", union: union})
	}
	for _, d := range inject.Definitions() {
		add("fault", "faults", "spec.faults", d.Name, d.Summary, d.Example)
	}
	for _, d := range probe.Definitions() {
		add("probe", "probes", "spec.probes", d.Name, d.Summary, d.Example)
	}
	for _, d := range verdict.ExpectationDefinitions() {
		add("expectation", "expectations", "spec.expect", d.Name, d.Summary, d.Example)
	}
	for _, d := range verdict.AbortDefinitions() {
		add("abort condition", "aborts", "spec.abortIf", d.Name, d.Summary, d.Example)
	}
	return all
}

// Book is the language as the embedded schema has it, and the library of experiments.
type Book struct {
	root    *jsonschema.Schema
	entries []Entry
	library []Ready
}

// Open reads the embedded schema.
func Open() (*Book, error) {
	text, err := schema.Text(schema.Any)
	if err != nil {
		return nil, err
	}
	b := &Book{root: &jsonschema.Schema{}, entries: Entries()}
	if err := json.Unmarshal(text, b.root); err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	if b.library, err = library(); err != nil {
		return nil, fmt.Errorf("reading the library: %w", err)
	}
	return b, nil
}

// documents are the topics that are no members, by the name that users write.
func documents() map[string]string {
	return map[string]string{"experiment": experiment.KindExperiment, "gameday": experiment.KindGameDay}
}

// member is the property by which a union's element holds the entry.
func (b *Book) member(e Entry) *jsonschema.Schema {
	for _, owner := range []string{"Fault", "Probe", "Expectation", "AbortCondition"} {
		for _, p := range b.root.Definitions[owner].Properties {
			if p.Name == e.Name && p.Schema.Refers(e.union+"."+e.Name) {
				return p.Schema
			}
		}
	}
	return nil
}
