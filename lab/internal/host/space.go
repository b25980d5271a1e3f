//go:build linux

package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
)

// Writable returns an error if a folder of that name cannot be made, or filled if it is there.
// It leaves nothing behind.
func Writable(dir string) error {
	above := existing(dir)
	probe, err := os.MkdirTemp(above, ".lab-probe-")
	if err != nil {
		return Explain(dir, fmt.Errorf("%s cannot be used: %w", dir, err))
	}
	return os.Remove(probe)
}

// existing returns the folder itself or, if it is not there, the nearest above it that is.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// Room returns an error if the file system that dir is or would be on has less than need bytes
// free. What needs them is put elsewhere by the flag.
func Room(dir string, need uint64, what, flag string) error {
	var stat unix.Statfs_t
	if err := unix.Statfs(existing(dir), &stat); err != nil {
		return fmt.Errorf("ask for the space in %s: %w", dir, err)
	}
	if free := stat.Bavail * uint64(stat.Bsize); free < need {
		return advice.New("free some space, or choose another folder with "+flag,
			"%s has %d MB free and %s needs %d MB", dir, free>>20, what, need>>20)
	}
	return nil
}

// Explain adds what to do to errors of a full or read-only disk; others it returns as they are.
func Explain(dir string, err error) error {
	switch {
	case errors.Is(err, unix.ENOSPC):
		return advice.New("free some space, or choose another folder with --state-dir", "the disk that holds %s is full", dir)
	case errors.Is(err, unix.EROFS), errors.Is(err, unix.EACCES), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ENOENT):
		return advice.New("choose another folder with --state-dir", "%w", err)
	}
	return err
}
