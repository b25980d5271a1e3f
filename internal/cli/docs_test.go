package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// block is a fenced block of a page: its language, its text, and where it stands.
type block struct{ page, language, text string }

// fences finds blocks of a list too, which are indented.
var fences = regexp.MustCompile("(?ms)^( *)```(\\w*)\n(.*?)^ *```$")

func blocksOf(t *testing.T) (all []block) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/reference/*.md", "docs/reference/*/*.md", "examples/*/*.md", "lab/*.md"} {
		pages, err := filepath.Glob(filepath.Join("../..", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, pages, pattern)
		for _, page := range pages {
			text, err := os.ReadFile(page)
			require.NoError(t, err)
			for _, found := range fences.FindAllStringSubmatch(string(text), -1) {
				all = append(all, block{page, found[2], strings.ReplaceAll("\n"+found[3], "\n"+found[1], "\n")})
			}
		}
	}
	return all
}

// commandOf finds calls of chaosctl in a line of a shell, up to what ends each of them.
var commandOf = regexp.MustCompile(`(?:^|[|&;(]\s*|\b(?:exec|sudo|run:)\s+|\$\s+)(?:\S*/)?(?:kubectl )?chaosctl(( [^|&;#><)\n]*)?)`)

// commandsIn are the arguments of each call in the lines of a shell.
func commandsIn(text string) (all [][]string) {
	for _, line := range strings.Split(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		if strings.HasPrefix(line, "hint: ") || strings.HasPrefix(line, "error: ") {
			continue // what chaosctl says
		}
		for _, found := range commandOf.FindAllStringSubmatch(strings.TrimSpace(line), -1) {
			var args []string
			for _, word := range strings.Fields(found[1]) {
				args = append(args, strings.Trim(word, `"'`))
			}
			all = append(all, args)
		}
	}
	return all
}

// TestCommandsOfTheDocs: each command that a page shows is there, with the flags that it is shown with.
func TestCommandsOfTheDocs(t *testing.T) {
	tried := 0
	for _, b := range blocksOf(t) {
		if b.language != "sh" && b.language != "" {
			continue
		}
		for _, args := range commandsIn(b.text) {
			tried++
			assert.Empty(t, wrongCommand(t, args), "%s: chaosctl %s", b.page, strings.Join(args, " "))
		}
	}
	assert.Greater(t, tried, 30, "commands are overlooked")
}

// wrongCommand asks for the help of a command: that is refused where a flag is not known, and is another's where the command is not.
func wrongCommand(t *testing.T, args []string) string {
	t.Helper()
	out, problems, code := say(t, append(args, "--help")...)
	if code != 0 {
		return problems
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") && !strings.Contains(out, "\n  chaosctl "+args[0]) {
		return "there is no such command"
	}
	return ""
}

func TestCommandsOfTheDocsThatAreWrong(t *testing.T) {
	for _, args := range commandsIn("bin/chaosctl rum -f x.yaml\n$ chaosctl run --bogus | cat\nchaosctl plan \\\n  --sed 3 # no\nexec chaosctl recover --everything && true") {
		assert.NotEmpty(t, wrongCommand(t, args), strings.Join(args, " "))
	}
	assert.Equal(t, [][]string{{"rbac", "-f", "a b"[:1]}, {"version"}}, commandsIn("chaosctl rbac -f 'a' | kubectl apply -f -\n# chaosctl does not count\nkubectl chaosctl version > out"))
}

// namedFiles are those that a game day names: they stand beside it.
var namedFiles = regexp.MustCompile(`\{file: ([\w.-]+)\}`)

// TestFilesOfTheDocs: each whole file that a page shows can be read, and has nothing wrong.
func TestFilesOfTheDocs(t *testing.T) {
	tried := 0
	for _, b := range blocksOf(t) {
		if b.language != "yaml" || !strings.Contains(b.text, "\napiVersion: chaosctl.dev/") {
			continue
		}
		tried++
		dir := t.TempDir()
		path := filepath.Join(dir, "file.yaml")
		require.NoError(t, os.WriteFile(path, []byte(b.text), 0o600))
		for _, named := range namedFiles.FindAllStringSubmatch(b.text, -1) {
			_, problems, code := say(t, "init", "pod-kill", "-n", "shop", "--target", "deployment/web", "-o", filepath.Join(dir, named[1]))
			require.Zero(t, code, problems)
		}
		_, problems, code := say(t, "validate", "-f", path)
		assert.Zero(t, code, "%s:%s\n%s", b.page, b.text, problems)
	}
	assert.GreaterOrEqual(t, tried, 2, "files are overlooked")
}
