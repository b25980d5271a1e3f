package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/history"
)

// TestRemember proves that a run is indexed, also one that was interrupted, and that what keeps it from that is told with the
// mend.
func TestRemember(t *testing.T) {
	t.Parallel()
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		index string
		want  string
	}{
		"new":    {},
		"broken": {"no database, but long enough to be taken for one at the first glance", "warning: the run is not in the history yet: the index of runs OUT/history.db cannot be used: it is broken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			run := filepath.Join(out, "r1")
			require.NoError(t, os.Mkdir(run, 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(run, "result.json"), []byte(`{"apiVersion": "chaosctl.dev/v1alpha1", "kind": "Result", "runID": "r1"}`), 0o644))
			if c.index != "" {
				require.NoError(t, os.WriteFile(filepath.Join(out, history.File), []byte(c.index), 0o644))
			}
			var errs bytes.Buffer
			a := &app{Streams: Streams{Err: &errs}}
			a.remember(interrupted, run)
			if c.want == "" {
				assert.Empty(t, errs.String())
				x, err := history.Open(t.Context(), out)
				require.NoError(t, err)
				defer x.Close()
				runs, err := x.Runs(t.Context(), history.Query{})
				require.NoError(t, err)
				assert.Len(t, runs, 1)
				return
			}
			said := string(bytes.ReplaceAll(errs.Bytes(), []byte(out), []byte("OUT")))
			assert.Contains(t, said, c.want)
			assert.Contains(t, said, "\nhint: nothing is lost; `chaosctl history --rebuild` makes it anew from the runs\n")
		})
	}
}
