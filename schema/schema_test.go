package schema_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/internal/jsonschema"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/verdict"
	"github.com/chaosctl/chaosctl/schema"
)

var update = flag.Bool("update", false, "write the schemas anew")

var catalogue = experiment.Catalogue{
	Faults: inject.Kinds(), Probes: probe.Kinds(), Expectations: verdict.Expectations(), Aborts: verdict.Aborts(),
}

// TestKept makes the schemas and compares them with the files that are kept, and with what a binary would print.
func TestKept(t *testing.T) {
	g := jsonschema.Generator{Catalogue: catalogue, Docs: &jsonschema.Comments{Root: "..", Module: "github.com/chaosctl/chaosctl"}}
	for name, generate := range map[string]func() (*jsonschema.Schema, error){
		schema.Experiment: func() (*jsonschema.Schema, error) { return g.Document(experiment.KindExperiment) },
		schema.GameDay:    func() (*jsonschema.Schema, error) { return g.Document(experiment.KindGameDay) },
		schema.Any:        g.Any,
	} {
		t.Run(name, func(t *testing.T) {
			made, err := generate()
			require.NoError(t, err)
			text, err := made.Text()
			require.NoError(t, err)
			if *update {
				require.NoError(t, os.WriteFile(schema.File(name), text, 0o644))
				return
			}
			kept, err := schema.Text(name)
			require.NoError(t, err)
			if !bytes.Equal(text, kept) {
				t.Errorf("the language has changed and %s has not: go generate ./schema ./internal/reference makes it anew\n%s", schema.File(name), firstDifference(text, kept))
			}
		})
	}
}

// firstDifference is shorter than the comparison of two files of a thousand lines.
func firstDifference(made, kept []byte) string {
	old := strings.Split(string(kept), "\n")
	for i, line := range strings.Split(string(made), "\n") {
		if i >= len(old) || old[i] != line {
			return fmt.Sprintf("from line %d on, where there should be: %s", i+1, strings.TrimSpace(line))
		}
	}
	return fmt.Sprintf("after line %d", strings.Count(string(made), "\n"))
}
