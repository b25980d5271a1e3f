package command

import "syscall"

// ownGroup makes a program the leader of a process group. The program is killed when the thread ends that started it, and
// so with chaosctl: a signal to the group of that does not reach it.
func ownGroup() (*syscall.SysProcAttr, error) {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}, nil
}
