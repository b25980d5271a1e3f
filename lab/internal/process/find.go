//go:build linux

package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chaosctl/chaosctl/lab/internal/cgroup"
)

// Find returns the process in a group that was started as the program of that name, or 0.
func Find(group cgroup.Group, program string) int {
	pids, err := group.Pids()
	if err != nil {
		return 0
	}
	for _, pid := range pids {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil {
			continue
		}
		name, _, _ := strings.Cut(string(data), "\x00")
		if filepath.Base(name) == program {
			return pid
		}
	}
	return 0
}

// Paused reports whether a process was stopped by a signal.
func Paused(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	after := string(data[strings.LastIndexByte(string(data), ')')+1:])
	return strings.HasPrefix(strings.TrimSpace(after), "T")
}
