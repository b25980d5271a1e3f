package reference_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/internal/reference"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

var update = flag.Bool("update", false, "write the pages anew")

// TestKept compares the pages with the files that are kept.
func TestKept(t *testing.T) {
	book := open(t)
	for _, name := range reference.Pages() {
		t.Run(name, func(t *testing.T) {
			path := "../../docs/reference/" + name + ".md"
			made := book.Page(name)
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(made), 0o644))
			}
			kept, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, made, string(kept), "the language has changed and %s has not: go generate ./schema ./internal/reference makes it anew", path)
		})
	}
}

// surroundings is as little as an experiment can say, with a place for each list that an example may be of.
const surroundings = `apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: example}
spec:
  promise: self-healing
  target: {namespace: shop, workload: deployment/web}
  load:
  - {name: browse, http: {service: web, podHeader: X-Pod}, rate: 200/s}
`

// TestExamples loads every example strictly, amid as little else as can be.
func TestExamples(t *testing.T) {
	loader := experiment.Loader{Catalogue: experiment.Catalogue{
		Faults: inject.Kinds(), Probes: probe.Kinds(), Expectations: verdict.Expectations(), Aborts: verdict.Aborts(),
	}}
	for _, entry := range reference.Entries() {
		t.Run(entry.List+"/"+entry.Name, func(t *testing.T) {
			assert.NotEmpty(t, entry.Summary)
			assert.Contains(t, entry.Example, entry.Name+":")
			lists := map[string]string{"spec.faults": "- podKill: {}\n", "spec.expect": "- recovery: {within: 30s}\n"}
			lists[entry.List] = entry.Example
			text := surroundings
			for list, elements := range lists {
				text += "  " + strings.TrimPrefix(list, "spec.") + ":\n" + indent(elements)
			}
			_, err := loader.Load("example.yaml", strings.NewReader(text))
			assert.NoError(t, err, text)
		})
	}
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}

// TestEverythingIsExplained asks for every member and every field that there is.
func TestEverythingIsExplained(t *testing.T) {
	book := open(t)
	for _, name := range book.Names() {
		topics, err := book.Find(name)
		require.NoError(t, err)
		for _, topic := range topics {
			explainAll(t, book, topic)
		}
	}
}

func explainAll(t *testing.T, book *reference.Book, topic reference.Topic) {
	t.Helper()
	var out bytes.Buffer
	topic.Text(&out, 80)
	assert.Contains(t, out.String(), "\nDESCRIPTION:\n", topic.Path)
	assert.Equal(t, topic.Entry != nil, strings.Contains(out.String(), "\nEXAMPLE:\n"), topic.Path)
	for line := range strings.Lines(out.String()) {
		assert.NotRegexp(t, `\s\n$`, line, topic.Path)
	}
	for _, field := range topic.Fields() {
		inner, err := book.Find(topic.Path + "." + field)
		require.NoError(t, err)
		explainAll(t, book, inner[0])
	}
}

func TestFind(t *testing.T) {
	book := open(t)
	both, err := book.Find("availability")
	require.NoError(t, err)
	require.Len(t, both, 2, "an expectation and an abort condition")
	one, err := book.Find("availability.below")
	require.NoError(t, err)
	assert.Len(t, one, 1, "only one of the two has the field")

	var out bytes.Buffer
	load, err := book.Find("experiment.spec.load.http.method")
	require.NoError(t, err)
	load[0].Text(&out, 80)
	assert.Equal(t, `FIELD: experiment.spec.load.http.method <method>
  default GET
  one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS

DESCRIPTION:
  method is GET unless told otherwise.
`, out.String())
}

func TestNotFound(t *testing.T) {
	book := open(t)
	for path, hint := range map[string]string{
		"pod-kill":             `did you mean "podKill"?`,
		"podKill.grace":        `did you mean "gracePeriod"?`,
		"experiment.spec.laod": `did you mean "load"?`,
		"podKill.count.number": `it has no fields`,
		"gameday.status":       `there are apiVersion, kind, metadata, spec`,
	} {
		_, err := book.Find(path)
		var unknown *reference.NotFound
		require.ErrorAs(t, err, &unknown, path)
		assert.Equal(t, hint, unknown.Hint(), path)
	}
}

func open(t *testing.T) *reference.Book {
	t.Helper()
	book, err := reference.Open()
	require.NoError(t, err)
	return book
}
