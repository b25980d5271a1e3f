//go:build linux

package host

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
)

func TestRoomLooksAtTheNearestFolderThatIsThere(t *testing.T) {
	below := filepath.Join(t.TempDir(), "a", "b")
	assert.NoError(t, Room(below, 1, "a test", "--flag"))
	err := Room(below, math.MaxUint64, "a test", "--flag")
	assert.ErrorContains(t, err, "a test needs")
	assert.Contains(t, advice.Hint(err), "--flag")
}

func TestWritableLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Writable(filepath.Join(dir, "a", "b")))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)

	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	assert.ErrorContains(t, Writable(filepath.Join(file, "below")), "cannot be used")
}

func TestExplainKnowsAFullDisk(t *testing.T) {
	err := Explain("/labs", fmt.Errorf("write x: %w", unix.ENOSPC))
	assert.EqualError(t, err, "the disk that holds /labs is full")
	assert.NotEmpty(t, advice.Hint(err))
	other := fmt.Errorf("something else")
	assert.Equal(t, other, Explain("/labs", other))
}

func TestInstances(t *testing.T) {
	before := instancesOf("/proc/self")
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	require.NoError(t, err)
	assert.Equal(t, before+1, instancesOf("/proc/self"))
	require.NoError(t, unix.Close(fd))
	assert.Equal(t, before, instancesOf("/proc/self"))
	assert.Zero(t, instancesOf("/proc/none"))

	err = Instances(math.MaxInt32)
	assert.ErrorContains(t, err, "fs.inotify.max_user_instances")
	assert.Contains(t, advice.Hint(err), "sysctl -w fs.inotify.max_user_instances=")
}
