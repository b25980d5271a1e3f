//go:build unix

package command

import (
	"errors"
	"os"
	"syscall"
)

// killGroup kills all processes of the group that a program leads, or has led: the number is not given to another
// process while there are any.
func killGroup(leader int) error {
	err := syscall.Kill(-leader, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
