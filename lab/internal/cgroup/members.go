//go:build linux

package cgroup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const poll = 10 * time.Millisecond

// Pids returns the processes in the group and below it, without those that are dead already and
// without the calling process, a thread of which may be passing through on its way to a fork.
func (g Group) Pids() ([]int, error) {
	found := map[int]bool{}
	for _, root := range g.everywhere() {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
					return nil // went away meanwhile
				}
				return err
			}
			if entry.Name() != "cgroup.procs" {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENODEV) {
				return err
			}
			for field := range strings.FieldsSeq(string(data)) {
				if pid, err := strconv.Atoi(field); err == nil && pid > 0 && pid != os.Getpid() {
					found[pid] = true
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	var pids []int
	for pid := range found {
		if !dead(pid) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids, nil
}

// dead reports whether a process has ended, reaped or not.
func dead(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	// The name, in brackets, may hold anything: the state follows the last bracket.
	_, after, _ := strings.Cut(string(data[strings.LastIndexByte(string(data), ')'):]), " ")
	return strings.HasPrefix(after, "Z") || strings.HasPrefix(after, "X")
}

// Kill ends all that the group and those below it hold, and returns when none is left.
// It keeps killing until then, for members may be forking.
func (g Group) Kill(ctx context.Context) error {
	for {
		pids, err := g.Pids()
		if err != nil || len(pids) == 0 {
			return err
		}
		g.thaw()
		for _, pid := range pids {
			g.kill(pid)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("processes %v do not end: %w", pids, context.Cause(ctx))
		case <-time.After(poll):
		}
	}
}

// kill ends one process, if it is still the member that it was when the group was read: what the
// handle refers to cannot change between the check and the signal.
func (g Group) kill(pid int) {
	process, err := os.FindProcess(pid)
	if err != nil {
		return
	}
	defer func() { _ = process.Release() }()
	if g.holds(pid) {
		_ = process.Kill()
	}
}

func (g Group) holds(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) == 3 && (fields[2] == g.Path() || strings.HasPrefix(fields[2], g.Path()+"/")) {
			return true
		}
	}
	return false
}

// thaw lets frozen members run, since a frozen process does not die on v1.
func (g Group) thaw() {
	for _, root := range g.everywhere() {
		_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Name() == "freezer.state" {
				_ = os.WriteFile(path, []byte("THAWED"), 0o644)
			}
			return nil
		})
	}
}

// Remove removes the group and those below it, deepest first, once Kill has emptied them. A group
// stays busy for an instant after its last process, so that it tries until ctx ends.
func (g Group) Remove(ctx context.Context) error {
	for {
		var busy error
		for _, root := range g.everywhere() {
			busy = errors.Join(busy, removeTree(root))
		}
		if busy == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("control groups cannot be removed: %w", busy)
		case <-time.After(poll):
		}
	}
}

// RemoveIfEmpty removes the group unless there are others below it.
func (g Group) RemoveIfEmpty() {
	for _, dir := range g.everywhere() {
		_ = unix.Rmdir(dir)
	}
}

func removeTree(root string) error {
	var dirs []string
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	slices.Reverse(dirs) // WalkDir names a folder before what it holds
	var failed error
	for _, dir := range dirs {
		if err := unix.Rmdir(dir); err != nil && !errors.Is(err, unix.ENOENT) {
			failed = fmt.Errorf("%s: %w", dir, err)
		}
	}
	return failed
}
