package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chaosctl/chaosctl/internal/jsonschema"
)

// Pages are the names of the pages.
func Pages() []string { return []string{"faults", "probes", "expectations", "library"} }

// page is what the head of a page says, and whose entries it has.
type page struct {
	title, intro string
	nouns        []string
}

func pages() map[string]page {
	return map[string]page{
		"faults":       {"Faults", "What can be done to a workload: elements of `spec.faults`.", []string{"fault"}},
		"probes":       {"Probes", "Conditions that are checked during the whole run: elements of `spec.probes`.", []string{"probe"}},
		"expectations": {"Expectations", "What must hold for a run to pass: elements of `spec.expect`. Abort conditions, of `spec.abortIf`, come last.", []string{"expectation", "abort condition"}},
	}
}

// Page is the Markdown of a page, of one of the names that [Pages] lists.
func (b *Book) Page(name string) string {
	if name == "library" {
		return b.libraryPage()
	}
	var out strings.Builder
	p := pages()[name]
	fmt.Fprintf(&out, "<!-- Made by go generate ./internal/reference from the comments of the code. -->\n\n# %s\n\n%s\nIn a terminal: `chaosctl list %s`, `chaosctl explain NAME`.\n", p.title, p.intro, name)
	for i, noun := range p.nouns {
		if i > 0 {
			fmt.Fprintf(&out, "\n# %ss\n", strings.ToUpper(noun[:1])+noun[1:])
		}
		for _, e := range b.entries {
			if e.Noun == noun {
				b.entry(&out, e)
			}
		}
	}
	return out.String()
}

func (b *Book) entry(out *strings.Builder, e Entry) {
	member := b.member(e)
	object := member.Target(b.root)
	fmt.Fprintf(out, "\n## %s\n\n%s\n\n%s\n\n```yaml\n%s```\n", e.Name, e.Summary, member.Description, e.Example)
	if len(object.Properties) == 0 {
		return
	}
	out.WriteString("\n| field | type | |\n|---|---|---|\n")
	b.rows(out, object, "")
}

// rows lists the fields of an object, and below each those of the object that it holds.
func (b *Book) rows(out *strings.Builder, object *jsonschema.Schema, prefix string) {
	for _, p := range object.Properties {
		notes := remarks(p.Schema, b.root, isRequired(object, p.Name))
		about := p.Schema.Description
		if len(notes) > 0 {
			about = "*" + strings.Join(notes, "; ") + "*. " + about
		}
		fmt.Fprintf(out, "| `%s` | %s | %s |\n", prefix+p.Name, typeOf(p.Schema, b.root), cell(about))
		if inner := (Topic{schema: p.Schema, root: b.root}).object(); len(inner.Properties) > 0 && inner != object {
			b.rows(out, inner, prefix+p.Name+".")
		}
	}
}

func cell(text string) string {
	return strings.NewReplacer("\n\n", " ", "\n", " ", "|", "\\|").Replace(text)
}

func isRequired(object *jsonschema.Schema, name string) bool {
	return slices.Contains(object.Required, name)
}
