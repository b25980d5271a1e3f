package cli_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/internal/cli"
)

// TestHelpAsAPluginOfKubectl proves that the texts name the command that the user has typed.
func TestHelpAsAPluginOfKubectl(t *testing.T) {
	t.Parallel()
	for program, want := range map[string]string{
		"/usr/local/bin/kubectl-chaosctl": "kubectl chaosctl", "kubectl-chaosctl.exe": "kubectl chaosctl", "./chaosctl": "chaosctl", "": "chaosctl",
	} {
		var out bytes.Buffer
		require.NoError(t, cli.Run(t.Context(), []string{"run", "--help"}, cli.Streams{Out: &out, Program: program}))
		assert.Contains(t, out.String(), "\nUsage:\n  "+want+" run ", program)
		assert.Contains(t, out.String(), "\n  "+want+" run -f experiment.yaml\n", program)
	}
}

// TestHelpShowsTheFlagsThatMatter proves that a command shows its own flags, and those of kubectl only where it connects.
func TestHelpShowsTheFlagsThatMatter(t *testing.T) {
	t.Parallel()
	_, run, _ := call(t, "run", "--help")
	own, connection, found := strings.Cut(run, "\nKubernetes flags")
	require.True(t, found, run)
	assert.Contains(t, own, "--file")
	assert.NotContains(t, own, "--context")
	assert.Contains(t, connection, "--context NAME")
	assert.NotContains(t, run, "--tls-server-name")
	_, validate, _ := call(t, "validate", "--help")
	assert.NotContains(t, validate, "--context")
	code, _, stderr := call(t, "version", "--tls-server-name", "hidden.test")
	assert.Zero(t, code, stderr)
}

// TestEveryCommandIsDescribed proves that each has a line, and all but the plainest an example.
func TestEveryCommandIsDescribed(t *testing.T) {
	t.Parallel()
	_, root, _ := call(t, "--help")
	_, commands, _ := strings.Cut(root, "COMMAND\n")
	commands, _, _ = strings.Cut(commands, "\nFlags:")
	for line := range strings.Lines(commands) {
		name, short, found := strings.Cut(strings.TrimSpace(line), "  ")
		if !found {
			continue
		}
		assert.NotEmpty(t, strings.TrimSpace(short), name)
		_, help, _ := call(t, name, "--help")
		assert.Contains(t, help, "Usage:\n  chaosctl "+name, name)
	}
}
