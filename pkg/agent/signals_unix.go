//go:build unix

package agent

import "syscall"

// signals are those that can be sent, by name.
var signals = map[string]syscall.Signal{
	SignalStop: syscall.SIGSTOP, SignalContinue: syscall.SIGCONT, SignalKill: syscall.SIGKILL,
	"term": syscall.SIGTERM, "int": syscall.SIGINT, "quit": syscall.SIGQUIT, "hup": syscall.SIGHUP,
	"usr1": syscall.SIGUSR1, "usr2": syscall.SIGUSR2,
}
