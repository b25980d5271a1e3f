//go:build linux

package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink"

	"github.com/chaosctl/chaosctl/lab/internal/registry"
)

// machine is what of this machine a lab could change and not put back.
type machine map[string][]string

// look takes stock. What other labs that are running have is left out.
func look(t *testing.T, name string) machine {
	t.Helper()
	m := machine{
		"processes": members(t, name),
		"mounts":    mounts(t),
		"tables":    output("nft", "list", "tables"),
		"groups":    groups(name),
		"settings":  settings(),
	}
	m["links"], m["routes"] = links(t)
	for _, dir := range []string{"/run", "/run/netns", "/var/lib", "/var/log", "/opt", "/etc", "/usr/libexec", "/var/lib/cni"} {
		m["files in "+dir] = entries(dir)
	}
	for _, dir := range []string{registry.DefaultDir, "/var/lib/chaosctl-lab"} {
		m["lab in "+dir] = slices.DeleteFunc(entries(dir), func(e string) bool { return !strings.HasPrefix(strings.TrimPrefix(e, "."), name) })
	}
	return m
}

// unchanged wants the machine to be as it was. Processes that have ended may wait to be reaped, and
// links may go a little later, so that it looks again for some seconds.
func unchanged(t *testing.T, name string, before machine) {
	t.Helper()
	var different []string
	require.Eventually(t, func() bool {
		different = before.differences(look(t, name))
		return len(different) == 0
	}, 5*time.Second, 50*time.Millisecond, "the machine is not as it was: %v", &different)
}

// differences says what was and is not, or is and was not.
func (m machine) differences(now machine) []string {
	var found []string
	for part := range m {
		for _, was := range m[part] {
			if !slices.Contains(now[part], was) {
				found = append(found, part+" lacks "+was)
			}
		}
		for _, is := range now[part] {
			if !slices.Contains(m[part], is) {
				found = append(found, part+" has "+is)
			}
		}
	}
	return found
}

// members are the processes in the lab's control group, by what they were started as.
func members(t *testing.T, name string) []string {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/cgroup")
	require.NoError(t, err)
	var found []string
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(data), "/chaosctl-lab/"+name) {
			command, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
			found = append(found, filepath.Dir(path)+" "+strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return found
}

func mounts(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("/proc/self/mounts")
	require.NoError(t, err)
	return strings.Split(string(data), "\n")
}

func groups(name string) []string {
	var found []string
	for _, pattern := range []string{"/sys/fs/cgroup/*/chaosctl-lab/", "/sys/fs/cgroup/chaosctl-lab/"} {
		paths, _ := filepath.Glob(pattern + name)
		found = append(found, paths...)
	}
	return found
}

func settings() []string {
	var values []string
	for _, name := range []string{
		"net/ipv4/ip_forward", "vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
		"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes", "net/netfilter/nf_conntrack_max", "kernel/hostname",
	} {
		data, _ := os.ReadFile("/proc/sys/" + name)
		values = append(values, name+"="+strings.TrimSpace(string(data)))
	}
	return values
}

// links returns the names of links and the routes of this machine, without those of other labs.
func links(t *testing.T) (names, routes []string) {
	t.Helper()
	records, err := registry.Open(registry.DefaultDir).List()
	require.NoError(t, err)
	others := map[string]bool{}
	for _, record := range records {
		others[fmt.Sprintf("chaoslab%d", record.Slot)] = true
	}
	all, err := netlink.LinkList()
	require.NoError(t, err)
	for _, link := range all {
		if others[link.Attrs().Name] {
			continue
		}
		names = append(names, link.Attrs().Name)
		list, err := netlink.RouteList(link, netlink.FAMILY_ALL)
		if err != nil {
			continue // another lab's, gone meanwhile
		}
		for _, route := range list {
			routes = append(routes, route.String())
		}
	}
	return names, routes
}

func output(name string, args ...string) []string {
	out, _ := exec.Command(name, args...).Output()
	return strings.Split(string(out), "\n")
}

// entries names what is in a folder, without the folder of all labs.
func entries(dir string) []string {
	list, _ := os.ReadDir(dir)
	names := []string{}
	for _, entry := range list {
		if entry.Name() != "chaosctl-lab" {
			names = append(names, entry.Name())
		}
	}
	return names
}
