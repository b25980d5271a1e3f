package schema_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/internal/jsonschema/schematest"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/schema"
)

const modeline = "# yaml-language-server: $schema="

// shipped lists the files of the language that come with the repository.
func shipped(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"../experiments/*/*.yaml", "../examples/gamedays/*.yaml"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, found, pattern)
		all = append(all, found...)
	}
	return all
}

// TestShippedFiles holds every shipped file to the schema that its first line names, and that to be the right one.
func TestShippedFiles(t *testing.T) {
	for _, path := range shipped(t) {
		t.Run(path, func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			file, err := experiment.Loader{Catalogue: catalogue}.LoadFile(path)
			require.NoError(t, err)
			right := schema.File(schema.Experiment)
			if file.Documents[0].GameDay != nil {
				right = schema.File(schema.GameDay)
			}

			first, _, _ := strings.Cut(string(text), "\n")
			named, ok := strings.CutPrefix(first, modeline)
			require.True(t, ok, "the first line has to be %s and a relative path", modeline)
			assert.Equal(t, right, filepath.Clean(filepath.Join(filepath.Dir(path), named))[len("../schema/"):])

			for _, name := range []string{right, schema.File(schema.Any)} {
				kept, err := os.ReadFile(name)
				require.NoError(t, err)
				for _, draft := range schematest.Drafts() {
					assert.NoError(t, schematest.Check(schematest.Compile(t, kept, draft), text), "%s, by %s", name, draft)
				}
			}
		})
	}
}

// TestKeptRefuses tries the kept schemas on files that are wrong in one place.
func TestKeptRefuses(t *testing.T) {
	text, err := os.ReadFile("../experiments/self-healing/pod-kill.yaml")
	require.NoError(t, err)
	kept, err := schema.Text(schema.Experiment)
	require.NoError(t, err)
	compiled := schematest.Compile(t, kept, schematest.Drafts()[0])
	loader := experiment.Loader{Catalogue: catalogue}
	for _, slip := range [][2]string{
		{"kind: Experiment", "kind: GameDay"}, {"v1alpha1", "v1"}, {"self-healing", "healing"}, {"deployment/", "deploy/"},
		{"200/s", "200"}, {"99.9%", "99.9"}, {"99.9%", "100.1%"}, {"500ms", "500"}, {"podKill: {count: 1}", "podKill: {cuont: 1}"},
		{"podKill: {count: 1}", "podKill: {count: 0}"}, {"podKill: {count: 1}", "podKill: {count: 1}\n    nodeDrain: {}"},
		{"podKill: {count: 1}", "at: 1s"}, {"podKill: {count: 1}", "podKil: {count: 1}"}, {"minReady: 1", "minReady: -1"},
		{"of: browse, below", "below"}, {"name: browse", "name: 1"}, {"timeout: 2m", "timeout: 0s"}, {"  expect:", "  expected:"},
	} {
		t.Run(slip[1], func(t *testing.T) {
			require.Contains(t, string(text), slip[0])
			wrong := strings.Replace(string(text), slip[0], slip[1], 1)
			_, err := loader.Load("wrong.yaml", strings.NewReader(wrong))
			assert.Error(t, err)
			assert.Error(t, schematest.Check(compiled, []byte(wrong)))
		})
	}
}
