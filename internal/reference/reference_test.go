package reference_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/internal/reference"
)

var update = flag.Bool("update", false, "write the pages anew")

// TestKept compares the pages with the files that are kept.
func TestKept(t *testing.T) {
	const folder = "../../docs/reference"
	pages, err := open(t).Pages()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.RemoveAll(folder))
		for name, text := range pages {
			path := filepath.Join(folder, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		}
	}
	kept := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		kept[filepath.ToSlash(name)] = string(text)
		return err
	}))
	assert.Equal(t, pages, kept, "the language has changed and %s has not: go generate ./schema ./internal/reference makes it anew", folder)
}

// TestExamples loads every example.
func TestExamples(t *testing.T) {
	for _, entry := range reference.Entries() {
		t.Run(entry.List+"/"+entry.Name, func(t *testing.T) {
			assert.NotEmpty(t, entry.Summary)
			assert.Contains(t, entry.Example, entry.Name+":")
			_, err := entry.Load()
			assert.NoError(t, err)
		})
	}
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
