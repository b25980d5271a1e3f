package apply

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFileJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j, err := CreateFileJournal(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), "originals may be confidential")

	c := corrupt("f/1/a", "mode", "fast", "x")
	require.NoError(t, j.Append(Entry{Run: "run-1", Step: Intended, Change: c}))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var back Entry
	require.NoError(t, json.Unmarshal(text, &back), "the line is there before Append returns, and stands by itself")
	assert.Equal(t, Entry{Run: "run-1", Step: Intended, Change: c}, back)
	require.NoError(t, j.Close())
	require.Error(t, j.Append(Entry{}))

	_, err = CreateFileJournal(path)
	require.ErrorIs(t, err, fs.ErrExist, "an older journal is not overwritten")
}

func TestFileJournalConcurrently(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j, err := CreateFileJournal(path)
	require.NoError(t, err)
	const writers, each = 8, 10
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			for i := range each {
				c := corrupt(fmt.Sprintf("%d/%d", w, i), "mode", strings.Repeat("x", 20_000), "y")
				assert.NoError(t, j.Append(Entry{Run: "run-1", Step: Intended, Change: c}))
			}
		})
	}
	wait.Wait()
	require.NoError(t, j.Close())
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	seen := map[string]bool{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e Entry
		require.NoError(t, json.Unmarshal(lines.Bytes(), &e))
		seen[e.Change.ID] = true
	}
	require.NoError(t, lines.Err())
	assert.Len(t, seen, writers*each)
}
