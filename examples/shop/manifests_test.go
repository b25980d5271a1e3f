package shop_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/chaosctl/chaosctl/examples/shop/internal/catalogue"
	"github.com/chaosctl/chaosctl/examples/shop/internal/lastgood"
	"github.com/chaosctl/chaosctl/examples/shop/internal/password"
	"github.com/chaosctl/chaosctl/examples/shop/internal/weakness"
)

const base = "manifests/base"

// manifest is the part of an object that the tests look at.
type manifest struct {
	Kind       string
	Metadata   struct{ Name, Namespace string }
	Data       map[string]string
	StringData map[string]string `yaml:"stringData"`
}

func (m manifest) String() string { return m.Kind + "/" + m.Metadata.Name }

// objects reads the base in the order in which kubectl applies a directory.
func objects(t *testing.T) []manifest {
	files, err := filepath.Glob(base + "/resources/*.yaml")
	require.NoError(t, err)
	var all []manifest
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for decoder := yaml.NewDecoder(bytes.NewReader(content)); ; {
			var m manifest
			if err = decoder.Decode(&m); err != nil {
				break
			}
			all = append(all, m)
		}
		require.ErrorIs(t, err, io.EOF, file)
	}
	return all
}

func TestBaseIsInOrder(t *testing.T) {
	var order []string
	for _, m := range objects(t) {
		order = append(order, m.String())
		if m.Kind != "Namespace" {
			assert.Equal(t, "shop", m.Metadata.Namespace, m.String())
		}
	}
	assert.Equal(t, "Namespace/shop", order[0])
	assert.Less(t, slices.Index(order, "Service/catalogue"), slices.Index(order, "Deployment/frontend"))

	var kustomization struct{ Resources []string }
	content, err := os.ReadFile(base + "/kustomization.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(content, &kustomization))
	files, err := filepath.Glob(base + "/resources/*.yaml")
	require.NoError(t, err)
	assert.Len(t, kustomization.Resources, len(files))
	for i, file := range files {
		assert.Equal(t, file, filepath.Join(base, kustomization.Resources[i]))
	}
}

func TestBaseIsAcceptedByTheServices(t *testing.T) {
	for _, m := range objects(t) {
		switch m.String() {
		case "ConfigMap/catalogue-config":
			files := lastgood.Files{}
			for key, value := range m.Data {
				files[key] = []byte(value)
			}
			_, err := catalogue.ParseConfig(files)
			assert.NoError(t, err)
		case "Secret/catalogue-password":
			_, err := password.Parse([]byte(m.StringData["password"]))
			assert.NoError(t, err)
		}
	}
}

// TestOverlays holds that each overlay names a weakness that exists and has
// its row in the README.
func TestOverlays(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	files, err := filepath.Glob("manifests/overlays/*/kustomization.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		assert.Contains(t, string(readme), "| `"+filepath.Base(filepath.Dir(file))+"` |")
		var overlay struct {
			Resources []string
			Patches   []struct {
				Target struct{ Name string }
				Patch  string
			}
		}
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, yaml.Unmarshal(content, &overlay), file)
		require.NotEmpty(t, overlay.Resources, file)
		assert.Equal(t, "../../base", overlay.Resources[0])
		for _, patch := range overlay.Patches {
			_, list, found := strings.Cut(patch.Patch, `SHOP_WEAKNESS, value: "`)
			if !found {
				continue
			}
			list, _, _ = strings.Cut(list, `"`)
			_, err := weakness.Parse(list, patch.Target.Name)
			assert.NoError(t, err, file)
		}
	}
}
