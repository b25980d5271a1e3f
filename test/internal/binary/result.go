package binary

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// Result is that of the only run. Its exit code must be the process's.
func (p *Process) Result(t *testing.T) report.Result {
	t.Helper()
	r := ResultIn(t, p.Dir(t))
	require.Equal(t, p.command.ProcessState.ExitCode(), r.ExitCode, "the exit code in the result is not that of the process")
	return r
}

// ResultIn reads the result in the directory of a run.
func ResultIn(t *testing.T, dir string) report.Result {
	t.Helper()
	var r report.Result
	require.NoError(t, json.Unmarshal([]byte(Content(t, filepath.Join(dir, "result.json"))), &r))
	return r
}

// Content is that of a file.
func Content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
