package release

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unpack reads an archive, and wants all of it to be of one time and nobody's.
func unpack(t *testing.T, name string, content []byte, at time.Time) (members []member) {
	t.Helper()
	if strings.HasSuffix(name, ".zip") {
		reader, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		require.NoError(t, err)
		for _, f := range reader.File {
			assert.True(t, f.Modified.Equal(at), "%s is of %s", f.Name, f.Modified)
			file, err := f.Open()
			require.NoError(t, err)
			text, err := io.ReadAll(file)
			require.NoError(t, err)
			members = append(members, member{f.Name, f.Mode(), text})
		}
		return members
	}
	compressed, err := gzip.NewReader(bytes.NewReader(content))
	require.NoError(t, err)
	assert.Zero(t, compressed.ModTime)
	assert.Empty(t, compressed.Name)
	for reader := tar.NewReader(compressed); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return members
		}
		require.NoError(t, err)
		assert.True(t, header.ModTime.Equal(at), "%s is of %s", header.Name, header.ModTime)
		assert.Zero(t, header.Uid)
		assert.Zero(t, header.Gid)
		assert.Equal(t, "root root", header.Uname+" "+header.Gname)
		text, err := io.ReadAll(reader)
		require.NoError(t, err)
		members = append(members, member{header.Name, header.FileInfo().Mode(), text})
	}
}

func TestArchives(t *testing.T) {
	at := time.Date(2026, 11, 27, 6, 27, 52, 0, time.UTC)
	members := []member{{"program", 0o755, bytes.Repeat([]byte("code"), 1<<16)}, {"LICENSE", 0o644, []byte("text")}, {"empty", 0o644, []byte{}}}
	for _, name := range []string{"a.tar.gz", "a.zip"} {
		packed, err := archive(name, at, members)
		require.NoError(t, err)
		assert.Equal(t, members, unpack(t, name, packed, at))
		again, err := archive(name, at.In(time.FixedZone("elsewhere", 3600)), members)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(packed, again), "%s differs where clocks do", name)
		later, err := archive(name, at.Add(time.Hour), members)
		require.NoError(t, err)
		assert.False(t, bytes.Equal(packed, later), "%s has no time", name)
	}
}
