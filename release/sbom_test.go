package release

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
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
