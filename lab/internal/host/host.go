//go:build linux

// Package host says whether this machine can carry a lab, and mends what it may.
package host

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
	"github.com/chaosctl/chaosctl/lab/internal/cgroup"
)

// Path is where the programs of the system are looked for, whatever PATH the user has.
const Path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// program is something that a lab runs and does not build.
type program struct{ name, debian string }

var programs = []program{
	{"runc", "runc"},
	{"nft", "nftables"},
	{"mount", "mount"},
}

// Root returns an error unless this process is root's.
func Root() error {
	if os.Geteuid() != 0 {
		return advice.New("run it with sudo", "the lab makes network namespaces and control groups, which only root may")
	}
	return nil
}

// Missing returns the Debian packages that are not installed and needed.
func Missing() []string {
	var packages []string
	for _, p := range programs {
		if !found(p.name) {
			packages = append(packages, p.debian)
		}
	}
	return packages
}

func found(name string) bool {
	for _, dir := range filepath.SplitList(Path) {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return true
		}
	}
	return false
}

// Check returns an error that says what to do if this machine cannot carry a lab as it is.
func Check() error {
	if err := Root(); err != nil {
		return err
	}
	if packages := Missing(); len(packages) > 0 {
		return missing(packages)
	}
	if _, err := cgroup.Detect(); err != nil {
		return err
	}
	for _, kind := range []string{"net", "mnt", "uts"} {
		if _, err := os.Stat("/proc/self/ns/" + kind); err != nil {
			return advice.New("use a kernel with CONFIG_NAMESPACES", "this kernel has no %s namespaces", kind)
		}
	}
	return nil
}

func missing(packages []string) error {
	list := strings.Join(packages, " ")
	return advice.New("`lab prepare` as root installs it on Debian and Ubuntu; elsewhere install what has the same name",
		"the lab needs the package%s %s", map[bool]string{true: "s"}[len(packages) > 1], list)
}

// Install installs the packages that are missing with apt, saying on output what it does.
func Install(ctx context.Context, output io.Writer) error {
	packages := Missing()
	if len(packages) == 0 {
		return nil
	}
	if err := Root(); err != nil {
		return missing(packages)
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return missing(packages)
	}
	install := append([]string{"install", "-y", "--no-install-recommends"}, packages...)
	fmt.Fprintf(output, "installing %s\n", strings.Join(packages, " "))
	if _, err := apt(ctx, install...); err == nil {
		return nil
	}
	// The lists of a fresh machine are empty or old.
	if out, err := apt(ctx, "update"); err != nil {
		return aptFailed("update", out, err)
	}
	if out, err := apt(ctx, install...); err != nil {
		return aptFailed(strings.Join(install, " "), out, err)
	}
	return nil
}

func aptFailed(what string, output []byte, err error) error {
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	return advice.New("run `apt-get "+what+"` by hand to see why", "apt-get %s failed: %w: %s", what, err, lines[len(lines)-1])
}

func apt(ctx context.Context, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "apt-get", args...)
	command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	return command.CombinedOutput()
}
