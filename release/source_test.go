package release

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSourceIsTheCommit(t *testing.T) {
	dir := checkout(t, "a")
	from, err := sourceOf(t.Context(), dir, "v1.2.3")
	require.NoError(t, err)
	assert.Regexp(t, "^[0-9a-f]{40}$", from.commit)
	want, err := time.Parse(time.RFC3339, committed)
	require.NoError(t, err)
	assert.Equal(t, want.UTC(), from.at)

	text, err := from.file(t.Context(), "README.md")
	require.NoError(t, err)
	assert.Equal(t, small["README.md"], string(text))
	_, err = from.file(t.Context(), "none")
	assert.ErrorContains(t, err, "none")
}

// TestExport: what becomes of a checkout afterwards is not in the release, nor what git ignores in it.
func TestExport(t *testing.T) {
	dir := checkout(t, "a folder: with a name")
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".git", "info", "exclude"), []byte("ignored.go\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ignored.go"), []byte("broken"), 0o600))
	from, err := sourceOf(t.Context(), dir, "v1.2.3")
	require.NoError(t, err)
	to := filepath.Join(t.TempDir(), "source")
	require.NoError(t, from.export(t.Context(), to))
	assert.Equal(t, to, from.dir)
	inGit(t, dir, "commit", "--quiet", "--allow-empty", "--message", "later")
	again, err := sourceOf(t.Context(), to, "v1.2.3")
	require.NoError(t, err)
	assert.Equal(t, from.commit, again.commit)
	assert.NoFileExists(t, filepath.Join(to, "ignored.go"))
	assert.FileExists(t, filepath.Join(to, "go.mod"))
}

func TestSourceWithChangesIsRefused(t *testing.T) {
	for name, change := range map[string]func(dir string) error{
		"changed": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "README.md"), []byte("other"), 0o600)
		},
		"new":     func(dir string) error { return os.WriteFile(filepath.Join(dir, "new.go"), nil, 0o600) },
		"removed": func(dir string) error { return os.Remove(filepath.Join(dir, "LICENSE")) },
	} {
		dir := checkout(t, "a")
		require.NoError(t, change(dir))
		_, err := sourceOf(t.Context(), dir, "v1.2.3")
		require.ErrorContains(t, err, "git stash -u", name)
		assert.Regexp(t, `(README\.md|new\.go|LICENSE)`, err.Error(), name)

		_, err = Make(t.Context(), Options{From: dir, Version: "v1.2.3", To: filepath.Join(dir, "bin"), Log: t.Logf})
		require.ErrorContains(t, err, "git stash -u", name)
		assert.NoDirExists(t, filepath.Join(dir, "bin"))
	}
}

// TestManyChanges are not all named.
func TestManyChanges(t *testing.T) {
	dir := checkout(t, "a")
	for _, name := range []string{"1", "2", "3", "4", "5", "6", "7"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	_, err := sourceOf(t.Context(), dir, "v1.2.3")
	require.ErrorContains(t, err, "?? 5\n… and 2 more")
}

func TestSourceOfATag(t *testing.T) {
	dir := checkout(t, "a")
	inGit(t, dir, "tag", "v1.2.3")
	inGit(t, dir, "tag", "--annotate", "--message", "annotated", "v1.2.4")
	for _, version := range []string{"v1.2.3", "v1.2.4", "v1.2.5"} {
		_, err := sourceOf(t.Context(), dir, version)
		require.NoError(t, err, version)
	}
	inGit(t, dir, "commit", "--quiet", "--allow-empty", "--message", "later")
	for _, version := range []string{"v1.2.3", "v1.2.4"} {
		_, err := sourceOf(t.Context(), dir, version)
		require.ErrorContains(t, err, version+" is the tag of commit ", version)
	}
	_, err := sourceOf(t.Context(), dir, "v1.2.5")
	require.NoError(t, err)
}

func TestSourceThatIsNoCheckout(t *testing.T) {
	_, err := sourceOf(t.Context(), t.TempDir(), "v1.2.3")
	require.ErrorContains(t, err, "not a git repository")
}
