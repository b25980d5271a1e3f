//go:build linux

package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Group is a control group, which may not exist (yet, or any more).
type Group struct {
	host *Host
	path string // from the root of every hierarchy, without a leading slash
}

// Group returns the group at a path from the root, such as "a/b".
func (h *Host) Group(path string) Group { return Group{host: h, path: strings.Trim(path, "/")} }

// Child returns the group of that name below g.
func (g Group) Child(name string) Group { return Group{host: g.host, path: g.path + "/" + name} }

// Path is the group's path as the kubelet's cgroupRoot has it, with a leading slash.
func (g Group) Path() string { return "/" + g.path }

func (g Group) dirs() []string {
	var dirs []string
	for _, m := range g.host.mounts {
		dirs = append(dirs, filepath.Join(m.path, g.path))
	}
	return dirs
}

// everywhere is dirs, and where others may have made the group.
func (g Group) everywhere() []string {
	dirs := g.dirs()
	if g.host.beside != "" {
		dirs = append(dirs, filepath.Join(g.host.beside, g.path))
	}
	return dirs
}

// Exists reports whether the group is there in any hierarchy.
func (g Group) Exists() bool {
	return slices.ContainsFunc(g.everywhere(), func(dir string) bool { _, err := os.Stat(dir); return err == nil })
}

// Create makes the group and those above it, with all controllers, in every hierarchy.
// It does nothing where they are there.
func (g Group) Create() error {
	for _, m := range g.host.mounts {
		dir := m.path
		for part := range strings.SplitSeq(g.path, "/") {
			parent := dir
			dir = filepath.Join(dir, part)
			if g.host.Unified {
				if err := delegate(parent); err != nil {
					return err
				}
			}
			if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("make control group: %w", err)
			}
			if slices.Contains(m.controllers, "cpuset") {
				if err := inheritCPUs(parent, dir); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// inheritCPUs fills a v1 cpuset, which starts out empty and then takes no process.
func inheritCPUs(parent, dir string) error {
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(parent, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), value, 0o644); err != nil {
			return fmt.Errorf("fill cpuset: %w", err)
		}
	}
	return nil
}

// delegate turns on, for the children of a v2 group, every controller that the group has.
func delegate(dir string) error {
	available, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for controller := range strings.FieldsSeq(string(available)) {
		err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+"+controller), 0o644)
		if errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("control group %s holds processes and so can have no groups with controllers below it"+
				" (in a container, move its processes to a group of their own first): %w", dir, err)
		}
		if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("turn on controller %s in %s: %w", controller, dir, err)
		}
	}
	return nil
}

// JoinThread makes the calling thread, and so what it forks, a member. Only v1 knows threads apart;
// on v2 use Open and start the child inside.
func (g Group) JoinThread() error {
	tid := []byte(strconv.Itoa(unix.Gettid()))
	for _, dir := range g.dirs() {
		if err := os.WriteFile(filepath.Join(dir, "tasks"), tid, 0o644); err != nil {
			return fmt.Errorf("join control group: %w", err)
		}
	}
	return nil
}

// Unified reports whether the group is one of cgroup v2.
func (g Group) Unified() bool { return g.host.Unified }

// Open opens a v2 group for syscall.SysProcAttr.CgroupFD.
func (g Group) Open() (*os.File, error) { return os.Open(g.dirs()[0]) }
