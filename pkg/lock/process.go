package lock

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// Process names a process so that another of the same number is not taken for it.
type Process struct {
	PID int `json:"pid"`
	// Host tells where the number means something: the boot of a kernel and one of its PID namespaces. It is empty where
	// that cannot be found out; then nobody can say that the process is gone.
	Host string `json:"host,omitempty"`
	// Started is the time of the process's start in ticks since the boot, see proc_pid_stat(5).
	Started string `json:"started,omitempty"`
}

func self() Process {
	p := Process{PID: os.Getpid()}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return p
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return p
	}
	if p.Started = started(p.PID); p.Started != "" {
		p.Host = strings.TrimSpace(string(boot)) + " " + space
	}
	return p
}

// started is empty where there is no such process, or it has ended and was not waited for.
func started(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The second field, the name, may hold anything; it ends at the last parenthesis.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 || bytes.ContainsAny(fields[0], "ZX") {
		return ""
	}
	return string(fields[19])
}

// gone says that it was a process of this host and is no more.
func (p Process) gone() bool {
	return p.Host != "" && p.Host == self().Host && started(p.PID) != p.Started
}
