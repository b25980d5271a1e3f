package outage

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// mountSmall has the reports of the processes of a test on a disk of 8 MiB. It is for before they are started: it goes when they have
// ended.
func mountSmall(t *testing.T) string {
	t.Helper()
	dir := t.ArtifactDir()
	require.NoError(t, unix.Mount("none", dir, "tmpfs", 0, "size=8m"))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, 0)) })
	return dir
}

// fill leaves no room on a disk, and gives the file that takes it.
func fill(t *testing.T, disk string) string {
	t.Helper()
	path := filepath.Join(disk, "filler")
	file, err := os.Create(path)
	require.NoError(t, err)
	defer file.Close()
	for size := 64 << 10; size > 0; size /= 2 { // down to the last byte of a page that is begun
		for err = nil; err == nil; {
			_, err = file.Write(bytes.Repeat([]byte("x"), size))
		}
		require.ErrorIs(t, err, unix.ENOSPC)
	}
	return path
}
