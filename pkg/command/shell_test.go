package command_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/command"
)

func TestShell(t *testing.T) {
	for want, argv := range map[string][]string{
		"./provider --block=eu-1":     {"./provider", "--block=eu-1"},
		`'it'\''s' '$HOME' ''`:        {"it's", "$HOME", ""},
		`$'\x1b[2J\n"it\'s\\n"'`:      {"\x1b[2J\n\"it's\\n\""},
		`sh -c 'rm -rf / # ` + "`x`'": {"sh", "-c", "rm -rf / # `x`"},
	} {
		assert.Equal(t, want, command.Shell(argv))
	}
}

// TestShellMeansTheSame: what people are told to type is what would be run.
func TestShellMeansTheSame(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no shell that knows what is escaped")
	}
	rapid.Check(t, func(t *rapid.T) {
		argv := rapid.SliceOfN(rapid.StringMatching(`([ -~]|\t|\n|\x1b|é|\x{202e})*`), 1, 3).Draw(t, "argv")
		output, err := exec.Command("bash", "-c", `printf '%s\0' `+command.Shell(argv)).Output()
		require.NoError(t, err)
		require.Equal(t, argv, strings.Split(strings.TrimSuffix(string(output), "\x00"), "\x00"))
	})
}
