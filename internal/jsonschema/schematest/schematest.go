// Package schematest lets tests ask what an editor would say of a file: it checks YAML against a schema by a validator
// that has nothing to do with chaosctl's own reader.
package schematest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// Compile reads the text of a schema by the rules of a draft, of which the schemas understand more than one.
func Compile(t *testing.T, text []byte, draft *validator.Draft) *validator.Schema {
	t.Helper()
	parsed, err := validator.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	parsed.(map[string]any)["$schema"] = draft.String()
	compiler := validator.NewCompiler()
	require.NoError(t, compiler.AddResource("schema.json", parsed))
	compiled, err := compiler.Compile("schema.json")
	require.NoError(t, err)
	return compiled
}

// Drafts are those that the schemas are written for.
func Drafts() []*validator.Draft { return []*validator.Draft{validator.Draft7, validator.Draft2020} }

// Check holds all documents of a YAML file to a schema. A file that has no JSON, by its syntax or by its values, is
// refused before it comes to that.
func Check(schema *validator.Schema, text []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var node yaml.Node
		if err := decoder.Decode(&node); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		datesAreText(&node)
		var document any
		if err := node.Decode(&document); err != nil {
			return err
		}
		if document == nil {
			continue
		}
		asJSON, err := json.Marshal(document)
		if err != nil {
			return err
		}
		instance, err := validator.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			return err
		}
		if err := schema.Validate(instance); err != nil {
			return err
		}
	}
}

// datesAreText makes text of what only YAML 1.1 takes for an instant: editors read YAML 1.2.
func datesAreText(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, child := range n.Content {
		datesAreText(child)
	}
}
