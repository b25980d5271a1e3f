package reference

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/chaosctl/chaosctl/internal/jsonschema"
)

// made heads every page.
const made = "<!-- Made by go generate ./internal/reference from the comments of the code. -->\n\n"

// Pages are the pages of the reference, as Markdown, by their paths in its folder.
func (b *Book) Pages() (map[string]string, error) {
	faults, err := b.faultPages()
	if err != nil {
		return nil, err
	}
	pages := map[string]string{
		"faults.md":  b.faultIndex(),
		"library.md": b.libraryPage(),
		"probes.md":  made + "# Probes\n\nConditions that are checked during the whole run, or at its start and its end, as `mode` says: elements of `spec.probes`.\n" + terminal("probes") + b.sections("probe"),
		"expectations.md": made + "# Expectations\n\nWhat must hold for a run to pass: elements of `spec.expect`. Abort conditions, of `spec.abortIf`, come last.\n" +
			terminal("expectations") + b.sections("expectation") + "\n# Abort conditions\n" + b.sections("abort condition"),
	}
	maps.Copy(pages, faults)
	return pages, nil
}

// terminal says where the same can be read in a terminal.
func terminal(list string) string {
	return fmt.Sprintf("In a terminal: `chaosctl list %s`, `chaosctl explain NAME`.\n", list)
}

// sections are those of all entries of a kind, one after another.
func (b *Book) sections(noun string) string {
	var out strings.Builder
	for _, e := range b.of(noun) {
		fmt.Fprintf(&out, "\n## %s\n\n", e.Name)
		b.entry(&out, e)
	}
	return out.String()
}

// of lists the entries of a kind.
func (b *Book) of(noun string) []Entry {
	return slices.DeleteFunc(slices.Clone(b.entries), func(e Entry) bool { return e.Noun != noun })
}

func (b *Book) entry(out *strings.Builder, e Entry) {
	member := b.member(e)
	object := member.Target(b.root)
	fmt.Fprintf(out, "%s\n\n%s\n\n```yaml\n%s```\n", e.Summary, member.Description, e.Example)
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
