package pages

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkMarkup fails the test for what is no sound HTML in the pages, by the rules of tools/rules.cjs.
func checkMarkup(t *testing.T, pages map[string]string) {
	t.Helper()
	for page, complaints := range markup(t, slices.Sorted(maps.Values(pages))) {
		assert.Empty(t, complaints, "the markup of %s", page)
	}
}

// markup is what html-validate complains of, by the file.
func markup(t *testing.T, files []string) map[string][]string {
	t.Helper()
	// It ends before a pipe is empty.
	path := filepath.Join(t.TempDir(), "complaints.json")
	out, err := os.Create(path)
	require.NoError(t, err)
	defer out.Close()
	args := append([]string{tool("html-validate/bin/html-validate.mjs"), "--config", filepath.Join("tools", "rules.cjs"), "--formatter", "json", "--"}, files...)
	command := exec.CommandContext(t.Context(), "node", args...)
	command.Stdout, command.Stderr = out, os.Stderr
	ended := command.Run()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var results []struct {
		FilePath string
		Messages []struct {
			RuleID, Message, Selector string
			Line                      int
		}
	}
	require.NoError(t, json.Unmarshal(text, &results), "html-validate: %v", ended)
	complaints := map[string][]string{}
	for _, r := range results {
		for _, m := range r.Messages {
			complaints[r.FilePath] = append(complaints[r.FilePath], fmt.Sprintf("line %d: %s: %s (%s)", m.Line, m.RuleID, m.Message, m.Selector))
		}
	}
	if len(complaints) == 0 {
		require.NoError(t, ended)
	}
	return complaints
}
