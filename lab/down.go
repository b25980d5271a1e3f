//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/chaosctl/chaosctl/lab/internal/cgroup"
	"github.com/chaosctl/chaosctl/lab/internal/host"
	"github.com/chaosctl/chaosctl/lab/internal/network"
	"github.com/chaosctl/chaosctl/lab/internal/registry"
)

// removeWithin bounds how long the kernel may take to give back what a lab used.
const removeWithin = time.Minute

// Down removes the lab and all that belongs to it. It may be called again, and on a lab that
// another process has removed.
func (l *Lab) Down(ctx context.Context) error {
	release, err := l.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	if _, err := l.registry.Load(l.Name); errors.Is(err, registry.ErrNotFound) {
		return l.forget(ctx)
	}
	return l.remove(ctx)
}

// Down removes the lab of that name, as its method does. It reports whether there was anything.
func Down(ctx context.Context, name string, log func(format string, args ...any)) (found bool, err error) {
	if err := checkName(name); err != nil {
		return false, err
	}
	if err := host.Root(); err != nil {
		return false, err
	}
	labs := registry.Open(registry.DefaultDir)
	record, err := labs.Load(name)
	if errors.Is(err, registry.ErrNotFound) {
		return false, removeLock(ctx, labs, name)
	}
	if err != nil {
		return true, err
	}
	l, err := load(labs, record)
	if err != nil {
		return true, err
	}
	l.log = log
	return true, l.Down(ctx)
}

// removeLock removes the lock of a lab that was given up before it was registered.
func removeLock(ctx context.Context, labs *registry.Registry, name string) error {
	if !labs.Locked(name) {
		return nil
	}
	release, err := labs.Lock(ctx, name, nil)
	if err != nil {
		return err
	}
	defer release()
	if _, err := labs.Load(name); !errors.Is(err, registry.ErrNotFound) {
		return err // registered meanwhile
	}
	return forgetName(ctx, labs, name)
}

// forgetName removes what the registry has of a name. The caller holds the lab's lock.
func forgetName(ctx context.Context, labs *registry.Registry, name string) error {
	release, err := labs.Lock(ctx, "", nil)
	if err != nil {
		return err
	}
	defer release()
	return labs.Forget(name)
}

// lock keeps other commands off the lab, and brings the record up to date.
func (l *Lab) lock(ctx context.Context) (release func(), err error) {
	release, err = l.registry.Lock(ctx, l.Name, func() { l.log("another command works on lab %s: waiting for it", l.Name) })
	if err != nil {
		return nil, err
	}
	if record, err := l.registry.Load(l.Name); err == nil {
		l.record = record
	}
	return release, nil
}

// remove takes everything away, in the order that lets go of what comes next. The caller holds
// the lab's lock.
func (l *Lab) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, removeWithin)
	defer cancel()
	l.record.Phase = registry.Removing
	if err := l.registry.Save(l.record); err != nil {
		l.log("note: %v", err) // a full disk must not keep a lab from going
	}
	if err := l.group.Kill(ctx); err != nil {
		return fmt.Errorf("end the processes of lab %s: %w", l.Name, err)
	}
	if err := unmountBelow(l.record.StateDir); err != nil {
		return err
	}
	if err := network.AwaitGone(ctx, l.hostLink()); err != nil {
		return err
	}
	if err := l.group.Remove(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(l.record.StateDir); err != nil {
		return fmt.Errorf("remove the files of lab %s: %w", l.Name, err)
	}
	return l.forget(ctx)
}

// forget removes the last that says that there was a lab, and what labs share with the last lab.
func (l *Lab) forget(ctx context.Context) error {
	release, err := l.registry.Lock(ctx, "", nil)
	if err != nil {
		return err
	}
	defer release()
	_ = os.Remove(filepath.Dir(l.record.StateDir)) // refused while another lab is in it
	if groups, err := cgroup.Detect(); err == nil {
		groups.Group(rootGroup).RemoveIfEmpty()
	}
	return l.registry.Forget(l.Name)
}

// unmountBelow detaches whatever somebody has mounted in a lab's folder. The lab's own mounts are
// in its nodes' namespaces and have gone with them.
func unmountBelow(dir string) error {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var points []string
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 4 && strings.HasPrefix(fields[4], dir+"/") {
			points = append(points, fields[4])
		}
	}
	slices.Reverse(points)
	for _, point := range points {
		if err := unix.Unmount(point, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("unmount %s: %w", point, err)
		}
	}
	return nil
}
