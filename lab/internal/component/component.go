// Package component builds the programs that a lab runs, each set once, and finds them again.
//
// A component is a Go module of its own below lab/components, so that what it depends on stays out
// of everybody else's go.mod. What it builds is kept under a key of all that decides the outcome:
// its sources and pins, the flags and the Go version. Changing one does not rebuild the others.
package component

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// Component is a set of programs that are built together.
type Component struct {
	Name string
	// About is what it gives the lab, for people.
	About string
	// Packages is what to build, for `go build`.
	Packages string
	// Module is the module whose version the programs report, if any.
	Module string
	// LDFlags sets that version, which replaces each VERSION in it.
	LDFlags string
	// Links are further names of the one program, which does what its name says.
	Links []string
}

// The components there are. All but the addons are needed by every lab with nodes.
var (
	Kubernetes = Component{
		Name: "kubernetes", About: "control plane, kubelet, kube-proxy and etcd", Packages: "./...",
		Module: "k8s.io/kubernetes",
		LDFlags: "-X k8s.io/component-base/version.gitVersion=VERSION -X k8s.io/component-base/version.gitMajor=MAJOR" +
			" -X k8s.io/component-base/version.gitMinor=MINOR -X k8s.io/client-go/pkg/version.gitVersion=VERSION",
		Links: []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"},
	}
	Containerd = Component{
		Name: "containerd", About: "container runtime", Packages: "./...",
		Module:  "github.com/containerd/containerd/v2",
		LDFlags: "-X github.com/containerd/containerd/v2/version.Version=VERSION",
	}
	CNI           = Component{Name: "cni", About: "pod network plugins", Packages: "tool"}
	Pause         = Component{Name: "pause", About: "holder of namespaces", Packages: "./..."}
	MetricsServer = Component{
		Name: "metrics-server", About: "metrics addon", Packages: "./...",
		Module: "sigs.k8s.io/metrics-server", LDFlags: "-X k8s.io/component-base/version.gitVersion=VERSION",
	}
	CoreDNS = Component{Name: "coredns", About: "dns addon", Packages: "./...", Module: "github.com/coredns/coredns"}
)

// compileFlags leave debugging information out: a quarter less to compile.
var compileFlags = []string{"-trimpath", "-gcflags=all=-dwarf=false"}

// linkerFlags returns the -ldflags of a component whose sources are in dir.
func (c Component) linkerFlags(dir string) (string, error) {
	flags := "-s -w"
	if c.Module == "" || c.LDFlags == "" {
		return flags, nil
	}
	version, err := requiredVersion(filepath.Join(dir, "go.mod"), c.Module)
	if err != nil {
		return "", err
	}
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	replace := strings.NewReplacer("VERSION", version, "MAJOR", parts[0], "MINOR", parts[1])
	return flags + " " + replace.Replace(c.LDFlags), nil
}

func requiredVersion(path, module string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	file, err := modfile.Parse(path, data, nil)
	if err != nil {
		return "", err
	}
	for _, require := range file.Require {
		if require.Mod.Path == module {
			return require.Mod.Version, nil
		}
	}
	return "", fmt.Errorf("%s does not require %s", path, module)
}

// key names a build: it is the same as long as the outcome is.
func (c Component) key(dir, goVersion string) (string, error) {
	flags, err := c.linkerFlags(dir)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	fmt.Fprintln(hash, goVersion, compileFlags, flags, c.Packages, c.Links)
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isSource(entry.Name()) {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		fmt.Fprintln(hash, relative)
		_, err = io.Copy(hash, file)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil))[:16], err
}

func isSource(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") || name == "go.mod" || name == "go.sum"
}
