//go:build linux

package host

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
)

// instancesSetting is where the kernel keeps how many inotify instances a user may have at once.
const instancesSetting = "/proc/sys/fs/inotify/max_user_instances"

// Instances returns an error if this user may not make so many inotify instances beside those that
// it has. Programs that cannot make one say "too many open files", which leads people astray.
func Instances(need int) error {
	text, err := os.ReadFile(instancesSetting)
	if err != nil {
		return fmt.Errorf("ask for the limit on inotify instances: %w", err)
	}
	limit, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("%s: %w", instancesSetting, err)
	}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return err
	}
	used := 0
	for _, dir := range processes {
		var stat unix.Stat_t
		if unix.Stat(dir, &stat) == nil && int(stat.Uid) == os.Geteuid() {
			used += instancesOf(dir)
		}
	}
	if used+need > limit {
		return advice.New(fmt.Sprintf("raise the limit, as by `sysctl -w fs.inotify.max_user_instances=%d`, or remove another lab", max(1024, 2*(used+need))),
			"this user has %d of the %d inotify instances that the sysctl fs.inotify.max_user_instances allows, and the lab needs %d more", used, limit, need)
	}
	return nil
}

// instancesOf counts those of a process, named by its folder in /proc. One that has ended has none.
func instancesOf(dir string) int {
	files, _ := filepath.Glob(filepath.Join(dir, "fd", "*"))
	count := 0
	for _, file := range files {
		if to, err := os.Readlink(file); err == nil && to == "anon_inode:inotify" {
			count++
		}
	}
	return count
}
