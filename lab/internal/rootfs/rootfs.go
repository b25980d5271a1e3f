//go:build linux

// Package rootfs gives a node its own view of the machine's files: its own /run, /var/lib/kubelet,
// /var/lib/containerd and /var/log at the usual places, and the machine's for all else.
//
// The view is made of mounts in a mount namespace and is gone with the node's last process.
package rootfs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Folders are those of a node that outlive a stop of it. All exist.
type Folders struct {
	Kubelet    string
	Containerd string
	Log        string
	// State is the lab's state folder, which stays visible wherever it lies.
	State string
}

// tunables are kernel settings of the whole machine that a kubelet sets to these values. It is
// shown files that say so already, and leaves the machine's alone.
var tunables = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

// Arrange mounts a node's view. It runs on a thread inside the node's mount namespace, which
// nothing has been mounted in yet.
func Arrange(hostname string, folders Folders) error {
	if err := unix.Sethostname([]byte(hostname)); err != nil {
		return fmt.Errorf("set host name: %w", err)
	}
	// Mounts of the machine go on arriving here; none of these goes there. Among the node's
	// own containers they may propagate as on any machine.
	for _, propagation := range []uintptr{unix.MS_SLAVE, unix.MS_SHARED} {
		if err := unix.Mount("", "/", "", propagation|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("part the node's mounts from the machine's: %w", err)
		}
	}
	m := &mounter{}
	defer m.close()
	kubelet, containerd := m.hold(folders.Kubelet), m.hold(folders.Containerd)
	log, state := m.hold(folders.Log), m.hold(folders.State)

	m.mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755")
	// A layer over /var/lib takes the folders that the machine need not have.
	m.mkdir("/run/var-lib/upper", "/run/var-lib/work")
	m.mount("overlay", "/var/lib", "overlay", 0, "lowerdir=/var/lib,upperdir=/run/var-lib/upper,workdir=/run/var-lib/work")
	m.mkdir("/var/lib/kubelet", "/var/lib/containerd", "/run/containerd")
	m.bind(kubelet, "/var/lib/kubelet")
	m.bind(containerd, "/var/lib/containerd")
	m.bind(log, "/var/log")
	if strings.HasPrefix(folders.State, "/var/lib/") {
		m.bind(state, folders.State)
	}
	for name, value := range tunables {
		file := filepath.Join("/run/tunables", name)
		m.mkdir(filepath.Dir(file))
		m.write(file, value+"\n")
		m.mount(file, filepath.Join("/proc/sys", name), "", unix.MS_BIND, "")
	}
	return m.err
}

// mounter does one thing after another until one fails.
type mounter struct {
	err  error
	held []int
}

// hold keeps a folder at hand, whatever is mounted over its path, and returns the path to bind.
func (m *mounter) hold(path string) string {
	if m.err != nil {
		return ""
	}
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		m.err = fmt.Errorf("open %s: %w", path, err)
		return ""
	}
	m.held = append(m.held, fd)
	return fmt.Sprintf("/proc/thread-self/fd/%d", fd)
}

func (m *mounter) close() {
	for _, fd := range m.held {
		unix.Close(fd)
	}
}

func (m *mounter) mount(source, target, kind string, flags uintptr, options string) {
	if m.err != nil {
		return
	}
	if err := unix.Mount(source, target, kind, flags, options); err != nil {
		m.err = fmt.Errorf("mount %s on %s: %w", source, target, err)
	}
}

func (m *mounter) bind(source, target string) {
	m.mount(source, target, "", unix.MS_BIND|unix.MS_REC, "")
}

func (m *mounter) mkdir(paths ...string) {
	for _, path := range paths {
		if m.err == nil {
			m.err = os.MkdirAll(path, 0o755)
		}
	}
}

func (m *mounter) write(path, content string) {
	if m.err == nil {
		m.err = os.WriteFile(path, []byte(content), 0o644)
	}
}
