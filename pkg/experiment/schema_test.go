package experiment_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/internal/jsonschema"
	"github.com/chaosctl/chaosctl/internal/jsonschema/schematest"
)

// beyondSchema are the bad files that a schema cannot know for such, and why. All others must be refused by both.
var beyondSchema = map[string]string{
	"check-element":                  "which nodes there are is asked by the fault's own Check",
	"check-probe":                    "refers to another part of the file",
	"check-whole":                    "compares two durations",
	"empty":                          "has no document that a schema could be applied to",
	"expectation-of-no-stream":       "refers to another part of the file",
	"fault-names":                    "compares elements of a list",
	"fault-window":                   "adds up durations",
	"free":                           "YAML has read the numbers, and decoded the tagged values, before the schema is applied",
	"gameday-freeze-backwards":       "compares two instants",
	"gameday-schedule-never":         "needs a calendar",
	"gameday-window-dates-backwards": "compares two dates",
	"gameday-window-dates-half":      "compares two dates",
	"gameday-window-empty":           "wants one of three, of which there may be several",
	"gameday-window-hours-empty":     "compares two times of day",
	"gameday-window-never":           "needs a calendar",
	"gameday-window-never-at":        "needs a calendar",
	"gameday-windows-empty":          "wants one of two, of which there may be both",
	"gameday-zone":                   "needs the list of time zones",
	"key-merge":                      "YAML has merged the keys before the schema is applied",
	"load-content":                   "looks at the names of headers, and at the method beside a body",
	"load-twice":                     "compares elements of a list",
	"profile-burst":                  "compares two rates, and two durations",
	"profile-burst-short":            "compares durations",
	"profile-step":                   "looks for one rate among several",
	"recovery":                       "compares two durations",
	"type-binary":                    "YAML has decoded the value before the schema is applied",
	"type-octal":                     "YAML has read the number before the schema is applied",
	"type-tagged":                    "JSON has no tags",
}

// TestSchemaAgrees holds the schema of the test's own catalogue to the loader's answers, by both drafts.
func TestSchemaAgrees(t *testing.T) {
	made, err := jsonschema.Generator{Catalogue: catalogue}.Any()
	require.NoError(t, err)
	text, err := made.Text()
	require.NoError(t, err)
	files, err := filepath.Glob("testdata/*/*.yaml")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, draft := range schematest.Drafts() {
		schema := schematest.Compile(t, text, draft)
		for _, path := range files {
			name := strings.TrimSuffix(filepath.Base(path), ".yaml")
			seen[name] = true
			t.Run(draft.String()+"/"+name, func(t *testing.T) {
				content, err := os.ReadFile(path)
				require.NoError(t, err)
				_, refused := loader.LoadFile(path)
				said := schematest.Check(schema, content)
				switch reason, beyond := beyondSchema[name]; {
				case beyond:
					assert.Error(t, refused)
					assert.NoError(t, said, "the schema knows better than the table, which says: %s", reason)
				case refused != nil:
					assert.Error(t, said, "the loader says: %v", refused)
				default:
					assert.NoError(t, said)
				}
			})
		}
	}
	for name := range beyondSchema {
		assert.True(t, seen[name], "the table names %s, which is not there", name)
	}
}
