package experiment_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestBad loads every file of testdata/bad and compares what is said about it with the .txt beside it.
func TestBad(t *testing.T) {
	paths, err := filepath.Glob("testdata/bad/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			file, err := os.Open(path)
			require.NoError(t, err)
			defer file.Close()

			_, err = loader.Load(filepath.Base(path), file)
			var problems experiment.Problems
			require.ErrorAs(t, err, &problems)

			golden := strings.TrimSuffix(path, ".yaml") + ".txt"
			said := problems.Error() + "\n"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(said), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), said)
		})
	}
}
