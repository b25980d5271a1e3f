package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// small is a program that is released as chaosctl is, but built in a moment. In place of the lab's command for images it has one that
// puts their names and their parts into a file.
var small = map[string]string{
	"LICENSE":   "All of it is everybody's.\n",
	"README.md": "# A small program\n",
	"go.mod":    "module github.com/chaosctl/chaosctl\n\ngo 1.26\n",
	"cmd/chaosctl/main.go": `package main

import (
	"fmt"

	"github.com/chaosctl/chaosctl/internal/version"
)

func main() { fmt.Println(version.Say()) }
`,
	"internal/version/version.go": `package version

var linked, linkedCommit, linkedDate string

func Say() string { return linked + " " + linkedCommit + " " + linkedDate }
`,
	"lab/go.mod": "module github.com/chaosctl/chaosctl/lab\n\ngo 1.26\n",
	"lab/cmd/image/main.go": `package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	text := fmt.Sprintln(os.Args[1:5])
	for _, binary := range os.Args[7:] {
		text += filepath.Base(filepath.Dir(binary)) + "\n"
	}
	if os.WriteFile(os.Args[6], []byte(text), 0o600) != nil {
		os.Exit(1)
	}
}
`,
}

// committed is when the small program was committed.
const committed = "2026-11-27T07:27:52+01:00"

// checkout makes a repository with the small program in its only commit, which is the same each time.
func checkout(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	for file, text := range small {
		path := filepath.Join(dir, file)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	inGit(t, dir, "init", "--quiet")
	inGit(t, dir, "add", ".")
	inGit(t, dir, "commit", "--quiet", "--message", "a small program")
	return dir
}

// inGit changes a repository, as nobody in particular, at a time that is always the same.
func inGit(t *testing.T, dir string, args ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "git", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_AUTHOR_DATE="+committed, "GIT_COMMITTER_DATE="+committed)
	said, err := c.CombinedOutput()
	require.NoError(t, err, "%s", said)
}
