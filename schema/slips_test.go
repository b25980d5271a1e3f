package schema_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/chaosctl/chaosctl/internal/jsonschema/schematest"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/schema"
)

// beyond are the ends of the slips that a schema cannot see, and why.
var beyond = map[string]string{
	"document: null":      "there is no document to apply a schema to",
	".load[0].name:":      "expectations refer to the name",
	".of:":                "refers to a name",
	"spec.load removed":   "expectations refer to a load",
	"spec.load: []":       "expectations refer to a load",
	".kubernetes.cel:":    "is a language of its own",
	".recovery.timeout:":  "is compared with another duration",
	".recovery.stableFor": "is compared with another duration",
	".for:":               "is compared with another duration",
	".duration:":          "is compared with other durations",
	".repeat.every:":      "is compared with other durations",
	"].at:":               "is compared with other durations",
	".http: {}":           "balance refers to the header",
	".podHeader":          "balance refers to it",
	".scale: null":        "one of several fields must be there, as the fault's own Check knows",
	".scale: {}":          "one of several fields must be there, as the fault's own Check knows",
	".scale.by":           "one of several fields must be there and not be 0, as the fault's own Check knows",
	".scale.to":           "one of several fields must be there and not be negative, as the fault's own Check knows",
	".httpFault.delay r":  "one of several fields must be there, as the fault's own Check knows",
	".httpFault.status r": "one of several fields must be there, as the fault's own Check knows",
	".netPartition: ":     "there must be peers, as the fault's own Check knows",
	".netPartition.peers": "there must be peers, whose addresses only the loader reads",
	".latency.p99 rem":    "one of several fields must be there, as the expectation's own Check knows",
	".spec.timeZone:":     "needs the list of time zones",
}

// TestSlips changes every value of every shipped file in many ways, and holds the schema to the loader's answers: it
// refuses nothing that the loader takes, and takes what the loader refuses only where it cannot know.
func TestSlips(t *testing.T) {
	kept, err := schema.Text(schema.Any)
	require.NoError(t, err)
	compiled := schematest.Compile(t, kept, schematest.Drafts()[0])
	loader := experiment.Loader{Catalogue: catalogue}
	var count atomic.Int64
	var tried sync.Map
	try := func(t *testing.T, path string, document *yaml.Node, slip string) {
		t.Helper()
		count.Add(1)
		wrong, err := yaml.Marshal(document)
		require.NoError(t, err)
		_, refused := loader.Load(path, strings.NewReader(string(wrong)))
		said := schematest.Check(compiled, wrong)
		if refused == nil {
			assert.NoError(t, said, "%s, %s: the loader takes it", path, slip)
		} else if said == nil {
			known := slices.ContainsFunc(slices.Collect(maps.Keys(beyond)), func(end string) bool { return strings.Contains(slip, end) })
			assert.True(t, known, "%s, %s: the schema takes it, and the loader says %v", path, slip, refused)
		}
	}
	t.Run("files", func(t *testing.T) {
		for _, path := range shipped(t) {
			t.Run(filepath.Base(path), func(t *testing.T) {
				t.Parallel() // there are many, each with hundreds of slips
				text, err := os.ReadFile(path)
				require.NoError(t, err)
				var document yaml.Node
				require.NoError(t, yaml.Unmarshal(text, &document))
				slips(document.Content[0], "document", &tried, func(slip string) { try(t, path, &document, slip) })
			})
		}
	})
	assert.Greater(t, count.Load(), int64(1000))
}

// slips calls try after each change to what is below a node, and takes the change back. Parts of the spec that are word for
// word alike in several files are tried once.
func slips(n *yaml.Node, path string, tried *sync.Map, try func(slip string)) {
	if strings.Count(path, ".") == 2 {
		if text, err := yaml.Marshal(n); err == nil {
			if _, before := tried.LoadOrStore(path+": "+string(text), true); before {
				return
			}
		}
	}
	was := *n
	for _, value := range []string{"0", "1", "-1", "2.5", `""`, "abc", "A b", "true", "null", "[]", "{}", "0s", "1s", "-1s", "50%", "all", "10/s", "1h"} {
		var other yaml.Node
		if yaml.Unmarshal([]byte(value), &other) == nil {
			*n = *other.Content[0]
			try(path + ": " + value)
		}
	}
	*n = was
	for i, child := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			slips(child, fmt.Sprintf("%s[%d]", path, i), tried, try)
		case i%2 == 0:
			key := child.Value
			slips(n.Content[i+1], path+"."+key, tried, try)
			child.Value = "other"
			try(path + "." + key + " renamed")
			child.Value = key
			n.Content = slices.Delete(slices.Clone(was.Content), i, i+2)
			try(path + "." + key + " removed")
			n.Content = was.Content
		}
	}
}
