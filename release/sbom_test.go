package release

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSBOM lists what is in the command that makes releases.
func TestSBOM(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "release")
	_, err := output(exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, "./cmd/release"))
	require.NoError(t, err)
	from := &source{dir: ".", commit: "9b0d316e34ab9b0d316e34ab9b0d316e34ab9b0d", at: time.Date(2026, 11, 27, 6, 27, 52, 0, time.UTC)}
	lists, err := sbomsOf(t.Context(), from.dir)
	require.NoError(t, err)
	text, err := lists.of(binary, "chaosctl_v1.2.3.cdx.json", "v1.2.3", from)
	require.NoError(t, err)
	again, err := sbomsOf(t.Context(), from.dir)
	require.NoError(t, err)
	same, err := again.of(binary, "chaosctl_v1.2.3.cdx.json", "v1.2.3", from)
	require.NoError(t, err)
	assert.Equal(t, string(text), string(same))
	other, err := again.of(binary, "chaosctl_v1.2.3_other.cdx.json", "v1.2.3", from)
	require.NoError(t, err)

	valid(t, text)
	read := func(text []byte) (list cdx.BOM) {
		require.NoError(t, cdx.NewBOMDecoder(bytes.NewReader(text), cdx.BOMFileFormatJSON).Decode(&list))
		return list
	}
	list := read(text)
	assert.Equal(t, cdx.SpecVersion1_6, list.SpecVersion)
	assert.Regexp(t, "^urn:uuid:[0-9a-f-]{36}$", list.SerialNumber)
	assert.NotEqual(t, list.SerialNumber, read(other).SerialNumber)
	assert.Equal(t, "2026-11-27T06:27:52Z", list.Metadata.Timestamp)
	assert.Equal(t, "v1.2.3", list.Metadata.Component.Version)
	assert.Equal(t, from.commit, (*list.Metadata.Component.Pedigree.Commits)[0].UID)
	licences, unknown := map[string]string{}, []string{}
	for _, c := range *list.Components {
		assert.NotEmpty(t, c.Version, c.Name)
		if c.Evidence != nil {
			licences[c.Name] = (*c.Evidence.Licenses)[0].License.ID
		} else {
			unknown = append(unknown, c.Name)
		}
	}
	assert.Equal(t, "BSD-3-Clause", licences["std"])
	assert.Equal(t, "MIT", licences["github.com/rs/zerolog"])
	assert.Equal(t, "Apache-2.0", licences["github.com/CycloneDX/cyclonedx-go"])
	assert.Empty(t, unknown, "modules without a licence")
}

func TestSBOMOfWhatIsNoProgram(t *testing.T) {
	lists, err := sbomsOf(t.Context(), ".")
	require.NoError(t, err)
	_, err = lists.of("doc.go", "doc", "v1.2.3", &source{})
	require.ErrorContains(t, err, "list what is in doc")
}

// cyclonedx is the schema of the format, with the schemas that it names, as the library of the format keeps them for its own tests.
var cyclonedx = sync.OnceValues(func() (*jsonschema.Schema, error) {
	const format = "http://cyclonedx.org/schema/bom-1.6.schema.json"
	said, err := output(exec.CommandContext(context.Background(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go"))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	for url, name := range map[string]string{
		format: "bom-1.6.schema.json", "http://cyclonedx.org/schema/spdx.schema.json": "spdx.schema.json", "http://cyclonedx.org/schema/jsf-0.82.schema.json": "jsf-0.82.schemax.json",
	} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(said)), "schema", name))
		if err != nil {
			return nil, err
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		if err := compiler.AddResource(url, document); err != nil {
			return nil, err
		}
	}
	return compiler.Compile(format)
})

// valid wants an SBOM to be what CycloneDX says one is, and each licence to be one that SPDX knows.
func valid(t *testing.T, text []byte) {
	t.Helper()
	schema, err := cyclonedx()
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	assert.NoError(t, schema.Validate(document))
}

func TestWhatIsNoSBOM(t *testing.T) {
	schema, err := cyclonedx()
	require.NoError(t, err)
	for _, wrong := range []string{
		`{"bomFormat": "CycloneDX"}`,
		`{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "a", "licenses": [{"license": {"id": "Not-A-Licence"}}]}]}`,
	} {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(wrong))
		require.NoError(t, err)
		assert.Error(t, schema.Validate(document), wrong)
	}
}
