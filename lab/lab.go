//go:build linux

package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
	"github.com/chaosctl/chaosctl/lab/internal/cgroup"
	"github.com/chaosctl/chaosctl/lab/internal/host"
	"github.com/chaosctl/chaosctl/lab/internal/kubeapi"
	"github.com/chaosctl/chaosctl/lab/internal/network"
	"github.com/chaosctl/chaosctl/lab/internal/pki"
	"github.com/chaosctl/chaosctl/lab/internal/process"
	"github.com/chaosctl/chaosctl/lab/internal/registry"
	"github.com/chaosctl/chaosctl/lab/internal/subnet"
)

// rootGroup is the control group that all labs are in.
const rootGroup = "chaosctl-lab"

// Lab is a cluster on this machine.
type Lab struct {
	// Name tells it from the other labs.
	Name string
	// Kubeconfig is the path of an administrator's kubeconfig.
	Kubeconfig string
	// Nodes are the names of its nodes: node1 and so on.
	Nodes []string
	// Existing says that Up found it running.
	Existing bool

	record   registry.Record
	registry *registry.Registry
	plan     subnet.Plan
	group    cgroup.Group
	log      func(format string, args ...any)
	// died is told of each program that ends while the lab is being made.
	died func(component string, err error)
}

// Open returns a lab that was made before, by this or another process.
func Open(name string) (*Lab, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if err := host.Root(); err != nil {
		return nil, err
	}
	labs := registry.Open(registry.DefaultDir)
	record, err := labs.Load(name)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, advice.New("`lab list` names those there are; `lab up --name "+name+"` makes it", "there is no lab named %q", name)
	}
	if err != nil {
		return nil, err
	}
	return load(labs, record)
}

func load(labs *registry.Registry, record registry.Record) (*Lab, error) {
	groups, err := cgroup.Detect()
	if err != nil {
		return nil, err
	}
	l := &Lab{
		Name:       record.Name,
		Kubeconfig: filepath.Join(record.StateDir, "kubeconfig"),
		record:     record,
		registry:   labs,
		plan:       subnet.For(record.Slot),
		group:      groups.Group(rootGroup).Child(record.Name),
		log:        func(string, ...any) {},
	}
	for _, node := range record.Nodes {
		l.Nodes = append(l.Nodes, node.Name)
	}
	return l, nil
}

// path returns the path of something in the lab's state folder.
func (l *Lab) path(elements ...string) string {
	return filepath.Join(append([]string{l.record.StateDir}, elements...)...)
}

func (l *Lab) profile() Profile { return Profile(l.record.Profile) }

func (l *Lab) hasAddon(name string) bool { return slices.Contains(l.record.Addons, name) }

// program returns the path of a program that was built as part of a component.
func (l *Lab) program(component, name string) string {
	return filepath.Join(l.record.Programs[component], name)
}

func (l *Lab) server() string { return fmt.Sprintf("https://%s:6443", l.plan.ControlPlane()) }

func (l *Lab) network() (network.Network, error) {
	anchor := process.Find(l.group.Child(switchGroup), "pause")
	if anchor == 0 {
		return network.Network{}, advice.New("run `lab down` and `lab up`", "the network of lab %s is gone", l.Name)
	}
	return network.Network{Plan: l.plan, HostLink: l.hostLink(), Switch: anchor}, nil
}

// hostLink is named after the slot, for a name of a lab may be longer than one of a link.
func (l *Lab) hostLink() string { return fmt.Sprintf("chaoslab%d", l.record.Slot) }

// client returns a client with an administrator's rights.
func (l *Lab) client() (*kubeapi.Client, error) {
	var files [3][]byte
	for i, name := range []string{"ca.crt", "admin.crt", "admin.key"} {
		data, err := os.ReadFile(l.path("pki", name))
		if err != nil {
			return nil, err
		}
		files[i] = data
	}
	return kubeapi.New(l.server(), files[0], pki.Pair{Cert: files[1], Key: files[2]})
}

// node returns a node's place in the record.
func (l *Lab) node(name string) (int, error) {
	index := slices.IndexFunc(l.record.Nodes, func(n registry.Node) bool { return n.Name == name })
	if index < 0 {
		hint := "its nodes are " + strings.Join(l.Nodes, ", ")
		if len(l.Nodes) == 0 {
			hint = "profile control-plane has none"
		}
		return 0, advice.New(hint, "lab %s has no node %q", l.Name, name)
	}
	return index, nil
}
