//go:build linux

// Package cgroup keeps every process of a lab in one subtree of control groups.
//
// Membership, not a list of process ids, says what belongs to a lab: a child is in its parent's
// group from its first instant, however its parent ends. It works with the separate hierarchies of
// cgroup v1 and with the unified one of v2.
package cgroup

import (
	"bufio"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
)

// Host is the control groups of this machine.
type Host struct {
	// Unified says that all controllers are in the one hierarchy of cgroup v2.
	Unified bool
	mounts  []mount
	// beside is the hierarchy of v2 without controllers that a machine with v1 may have as well:
	// container runtimes make groups in it.
	beside string
}

type mount struct {
	path        string
	controllers []string
}

// needed are the v1 controllers without which the kubelet or runc do not start.
var needed = []string{"cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "pids"}

// Detect reads what is mounted. The error says what is missing.
func Detect() (*Host, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return parse(file)
}

func parse(mountinfo io.Reader) (*Host, error) {
	var v1 []mount
	var unified string
	seen := map[string]bool{}
	lines := bufio.NewScanner(mountinfo)
	for lines.Scan() {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		fields, tail := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(tail) < 3 {
			continue
		}
		device, path := fields[2], fields[4]
		switch {
		case seen[device]:
		case tail[0] == "cgroup":
			seen[device] = true
			v1 = append(v1, mount{path: path, controllers: strings.Split(tail[2], ",")})
		case tail[0] == "cgroup2":
			seen[device] = true
			unified = path
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if missing := missingFrom(v1); len(missing) < len(needed) {
		if len(missing) > 0 {
			return nil, advice.New("mount the missing hierarchies under /sys/fs/cgroup, or boot with cgroup v2 (systemd.unified_cgroup_hierarchy=1)",
				"cgroup v1 is mounted without %s", strings.Join(missing, ", "))
		}
		return &Host{mounts: v1, beside: unified}, nil
	}
	if unified == "" {
		return nil, advice.New("mount -t cgroup2 none /sys/fs/cgroup", "no control groups are mounted")
	}
	return Unified(unified), nil
}

// Unified returns the control groups of a v2 hierarchy that is mounted there.
func Unified(path string) *Host { return &Host{Unified: true, mounts: []mount{{path: path}}} }

func missingFrom(mounts []mount) []string {
	var missing []string
	for _, controller := range needed {
		has := func(m mount) bool { return slices.Contains(m.controllers, controller) }
		if !slices.ContainsFunc(mounts, has) {
			missing = append(missing, controller)
		}
	}
	return missing
}
