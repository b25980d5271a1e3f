//go:build linux

package process

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// onThread runs f on an operating-system thread that nothing else uses afterwards, so that f may
// change what belongs to a thread (namespaces, control group) and need not change it back.
func onThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			// The runtime parks the first thread for ever instead of ending it: keep it busy
			// while another does the work.
			done <- onThread(f)
			runtime.UnlockOSThread()
			return
		}
		done <- f() // the goroutine ends locked, and its thread with it
	}()
	return <-done
}
