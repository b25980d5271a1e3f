//go:build !unix

package command

import (
	"errors"
	"syscall"
)

// ownGroup is an error: what a program starts could not be killed with it.
func ownGroup() (*syscall.SysProcAttr, error) {
	return nil, errors.New("this system has no process groups")
}

func killGroup(int) error { return errors.ErrUnsupported }
