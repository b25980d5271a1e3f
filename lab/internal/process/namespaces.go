//go:build linux

package process

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Namespaces are those that a process, their anchor, is in. They live as long as it does: no
// mount or name of theirs is left when it has ended.
type Namespaces struct {
	// Anchor is the process id.
	Anchor int
	// Whole says to enter the anchor's mount and host name as well as its network.
	Whole bool
}

// Do runs f inside.
func (n Namespaces) Do(f func() error) error {
	return onThread(func() error {
		if err := n.enter(); err != nil {
			return err
		}
		return f()
	})
}

// enter moves the calling thread, which the caller gives up.
func (n Namespaces) enter() error {
	kinds := []string{"net"}
	if n.Whole {
		// A thread that shares its working directory with others cannot change its mounts.
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			return fmt.Errorf("unshare working directory: %w", err)
		}
		kinds = []string{"net", "uts", "mnt"}
	}
	var files []*os.File
	defer func() {
		for _, file := range files {
			file.Close()
		}
	}()
	for _, kind := range kinds { // all are opened first: afterwards /proc may be another
		file, err := os.Open(fmt.Sprintf("/proc/%d/ns/%s", n.Anchor, kind))
		if err != nil {
			return fmt.Errorf("find namespaces: %w", err)
		}
		files = append(files, file)
	}
	var failed error
	for i, file := range files {
		if err := unix.Setns(int(file.Fd()), 0); err != nil {
			failed = errors.Join(failed, fmt.Errorf("enter %s namespace: %w", kinds[i], err))
		}
	}
	return failed
}
