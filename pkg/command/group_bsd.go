//go:build unix && !linux

package command

import "syscall"

// ownGroup makes a program the leader of a process group.
func ownGroup() (*syscall.SysProcAttr, error) { return &syscall.SysProcAttr{Setpgid: true}, nil }
