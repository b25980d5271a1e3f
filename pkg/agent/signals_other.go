//go:build !unix

package agent

import "syscall"

// signals are none where there are no pods.
var signals = map[string]syscall.Signal{}
