//go:build unix

package registry

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const lockPoll = 50 * time.Millisecond

func (r *Registry) lockPath(name string) string { return filepath.Join(r.dir, name+".lock") }

// Lock takes a lab's lock, or with the empty name that of the registry itself, which guards slots
// and everything that labs share. It waits while another holds it, calling waiting once if it must.
// The kernel releases the lock of a process that dies. A lab's lock is taken before the registry's.
func (r *Registry) Lock(ctx context.Context, name string, waiting func()) (release func(), err error) {
	return LockFile(ctx, r.lockPath(name), waiting)
}

// Locked reports whether a lab has a lock, held or left by a process that was killed.
func (r *Registry) Locked(name string) bool {
	_, err := os.Stat(r.lockPath(name))
	return err == nil
}

// LockFile takes an exclusive lock on a file, which it makes if need be, folder included.
// The lock holds between goroutines as well as between processes.
func LockFile(ctx context.Context, path string, waiting func()) (release func(), err error) {
	for {
		folder := filepath.Dir(path)
		err := os.MkdirAll(folder, 0o755)
		if info, look := os.Lstat(folder); errors.Is(err, fs.ErrExist) && (look != nil || info.IsDir()) {
			continue // it was there when it was to be made, and gone with its last user when MkdirAll looked again
		}
		if err != nil {
			return nil, err
		}
		file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the folder went with its last user
		}
		if err != nil {
			return nil, err
		}
		if err := flock(ctx, file, &waiting); err != nil {
			file.Close()
			return nil, err
		}
		if sameFile(file, path) {
			return func() { file.Close() }, nil
		}
		file.Close() // removed by the one who had it; its place may be new
	}
}

func flock(ctx context.Context, file *os.File, waiting *func()) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return err
		}
		if *waiting != nil {
			(*waiting)()
			*waiting = nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lockPoll):
		}
	}
}

func sameFile(file *os.File, path string) bool {
	held, err := file.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(held, now)
}
