package binary

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Defect is put into a build of chaosctl that is for a test alone: a text that takes the place of one that the source
// file holds once.
type Defect struct{ File, Old, New string }

// Overlay gives the flags by which go build takes copies of the source files, which hold the defects, in their place.
func Overlay(t *testing.T, defects ...Defect) []string {
	t.Helper()
	dir := t.TempDir()
	sources, replace := map[string]string{}, map[string]string{}
	for _, d := range defects {
		path := filepath.Join(Repository(), d.File)
		if _, read := sources[path]; !read {
			sources[path] = Content(t, path)
		}
		require.Equal(t, 1, strings.Count(sources[path], d.Old), "%s holds once: %s", d.File, d.Old)
		sources[path] = strings.Replace(sources[path], d.Old, d.New, 1)
	}
	for path, source := range sources {
		replace[path] = filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		require.NoError(t, os.WriteFile(replace[path], []byte(source), 0o600))
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	path := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return []string{"-overlay", path}
}
