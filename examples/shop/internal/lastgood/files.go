package lastgood

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// FromDir returns a reader of the named files of a directory. All of them
// must exist.
func FromDir(dir string, names ...string) func() (Files, error) {
	return func() (Files, error) {
		files := Files{}
		for _, name := range names {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			files[name] = content
		}
		return files, nil
	}
}

func (f Files) names() []string { return slices.Sorted(maps.Keys(f)) }
