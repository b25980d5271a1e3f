package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

var header = Header{Version: Version, Run: "run-1", Cluster: "u0", Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), By: "v1"}

// edit is an entry that changes one key of an object of that resource.
func edit(resource, id, original, value string) Entry {
	quoted := func(s string) json.RawMessage {
		text, _ := json.Marshal(s)
		return text
	}
	return Entry{Change: &inject.Change{
		ID:     id,
		Object: inject.Object{Resource: corev1.SchemeGroupVersion.WithResource(resource), Namespace: "shop", Name: "settings", UID: "u1"},
		Edit:   &inject.Edit{Fields: []inject.Field{{Path: []string{"data", "mode"}, Original: quoted(original), Value: quoted(value)}}},
	}}
}

func newFile(t *testing.T) (*File, string) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j, err := CreateFile(path, header)
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() })
	return j, path
}

func TestFile(t *testing.T) {
	j, path := newFile(t)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), "originals may be confidential")
	first, second := edit("configmaps", "f/1/a", "fast", "x"), edit("configmaps", "f/1/b", "slow", "y")
	require.NoError(t, j.Append(t.Context(), first, second))
	gotHeader, entries, err := ReadFile(path)
	require.NoError(t, err, "the lines are there before Append returns")
	assert.Equal(t, header, gotHeader)
	assert.Equal(t, []Entry{first, second}, entries)
	require.NoError(t, j.Close())
	require.Error(t, j.Append(t.Context(), first))

	_, err = CreateFile(path, header)
	require.ErrorIs(t, err, fs.ErrExist, "an older journal is not overwritten")
}

// TestTornTail: whatever a crash leaves of the last line, the lines before it can be read.
func TestTornTail(t *testing.T) {
	j, path := newFile(t)
	first, second := edit("configmaps", "f/1/a", "fast", "x"), edit("configmaps", "f/1/b", "slow", "y")
	require.NoError(t, j.Append(t.Context(), first))
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, j.Append(t.Context(), second))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for end := len(whole); end < len(text); end++ {
		require.NoError(t, os.WriteFile(path, text[:end], 0o600))
		_, entries, err := ReadFile(path)
		require.NoError(t, err, "%d bytes", end)
		require.Equal(t, []Entry{first}, entries)
	}
}

// TestDamage: no changed byte goes unnoticed, and what is not damaged is still returned.
func TestDamage(t *testing.T) {
	j, path := newFile(t)
	var all []Entry
	for i := range 3 {
		all = append(all, edit("configmaps", fmt.Sprint("f/1/", i), "fast", "x"))
	}
	require.NoError(t, j.Append(t.Context(), all...))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	second := len(strings.Join(strings.SplitAfter(string(text), "\n")[:2], ""))
	rapid.Check(t, func(t *rapid.T) {
		damaged := []byte(string(text))
		at := rapid.IntRange(second, len(text)-2).Draw(t, "at")
		damaged[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		_, entries, err := ReadFile(path)
		require.Error(t, err)
		require.Contains(t, entries, all[0], "the line before it is whole")
	})
	require.NoError(t, os.WriteFile(path, []byte("{}\n"), 0o600))
	_, _, err = ReadFile(path)
	require.ErrorContains(t, err, "journal.jsonl:1: this is no line of a journal")
}

func TestFileConcurrently(t *testing.T) {
	j, path := newFile(t)
	const writers, each = 8, 10
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			for i := range each {
				assert.NoError(t, j.Append(t.Context(), edit("configmaps", fmt.Sprintf("%d/%d", w, i), strings.Repeat("x", 20_000), "y")))
			}
		})
	}
	wait.Wait()
	_, entries, err := ReadFile(path)
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, e := range entries {
		seen[e.Change.ID] = true
	}
	assert.Len(t, seen, writers*each)
}

// TestConfidential: what is in a Secret of the cluster does not get onto a disk (G18), nor does a digest by which a short
// value could be guessed. Whoever reads it is told that something is missing.
func TestConfidential(t *testing.T) {
	j, path := newFile(t)
	e := edit("secrets", "f/1/a", "hunter2", "broken-value")
	require.NoError(t, j.Append(t.Context(), e))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "hunter2")
	assert.NotContains(t, string(text), "broken-value")
	assert.NotContains(t, string(text), inject.Digest(e.Change.Edit.Fields[0].Original))
	assert.NotContains(t, string(text), inject.Digest(e.Change.Edit.Fields[0].Value))
	assert.JSONEq(t, `"hunter2"`, string(e.Change.Edit.Fields[0].Original), "the change itself keeps its values")
	_, entries, err := ReadFile(path)
	require.NoError(t, err)
	f := entries[0].Change.Edit.Fields[0]
	assert.True(t, f.OriginalMissing())
	for _, found := range []bool{true, false} {
		assert.False(t, f.IsValue("broken-value", found))
		assert.False(t, f.IsOriginal("hunter2", found))
	}
}

func TestHeaderCheck(t *testing.T) {
	require.NoError(t, header.Check("u0"))
	newer := header
	newer.Version = Version + 1
	require.ErrorContains(t, newer.Check("u0"), "newer chaosctl (v1, format 3; this one reads up to 2)")
	require.ErrorContains(t, header.Check("u9"), "belongs to another cluster")
	require.ErrorContains(t, Header{}.Check("u0"), "damaged")
}

type failing struct{ err error }

func (f failing) Append(context.Context, ...Entry) error { return f.err }

func TestAllStopsAtTheFirstFailure(t *testing.T) {
	j, path := newFile(t)
	require.ErrorIs(t, All{failing{fs.ErrPermission}, j}.Append(t.Context(), edit("configmaps", "a", "x", "y")), fs.ErrPermission)
	_, entries, err := ReadFile(path)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

// TestPack: entries of any size come back whole, and a damaged one does not take the others with it.
func TestPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := map[string][]byte{}
		var all []Entry
		n := rapid.IntRange(1, 4).Draw(t, "entries")
		for i := range n {
			noise := rapid.SliceOfN(rapid.Byte(), 0, 1000).Draw(t, "noise")
			e := edit("secrets", fmt.Sprint(i), fmt.Sprintf("%x", noise), strings.Repeat("y", rapid.IntRange(0, 1_000_000).Draw(t, "size")))
			parts, err := encode(e)
			require.NoError(t, err)
			for p, part := range parts {
				keys[fmt.Sprintf("%08d.%d.%d", i, p+1, len(parts))] = part
			}
			all = append(all, e)
		}
		entries, err := decodeAll("j", keys)
		require.NoError(t, err)
		require.Equal(t, all, entries)

		first := keys["00000000.1.1"]
		if first == nil {
			return
		}
		first[rapid.IntRange(10, len(first)-1).Draw(t, "at")] ^= 1
		entries, err = decodeAll("j", keys)
		require.ErrorContains(t, err, "entry 0 is damaged")
		require.Equal(t, all[1:], append([]Entry{}, entries...))
	})
}

// TestConfidentialAsAWhole: nor does a Secret that is to be created again.
func TestConfidentialAsAWhole(t *testing.T) {
	j, path := newFile(t)
	e := edit("secrets", "f/1/a", "", "x")
	e.Change.Edit, e.Change.Withdraw = nil, &inject.Withdraw{Original: []byte(`{"kind": "Secret", "data": {"password": "aHVudGVyMg=="}}`)}
	require.NoError(t, j.Append(t.Context(), e))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "aHVudGVyMg==")
	assert.NotContains(t, string(text), inject.Digest(e.Change.Withdraw.Original))
	assert.NotNil(t, e.Change.Withdraw.Original, "the change itself keeps it")
	_, entries, err := ReadFile(path)
	require.NoError(t, err)
	require.NotNil(t, entries[0].Change.Withdraw, "whoever reads it is told that there is something")
	assert.Nil(t, entries[0].Change.Withdraw.Original)
}
