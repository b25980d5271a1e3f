//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/chaosctl/chaosctl/lab/internal/cgroup"
	"github.com/chaosctl/chaosctl/lab/internal/network"
	"github.com/chaosctl/chaosctl/lab/internal/process"
	"github.com/chaosctl/chaosctl/lab/internal/rootfs"
)

// A node's programs. The anchor does nothing but hold the node's namespaces.
const (
	anchor     = "anchor"
	containerd = "containerd"
	kubelet    = "kubelet"
	kubeProxy  = "kube-proxy"
)

var workers = []string{containerd, kubelet, kubeProxy}

// worker is one node.
type worker struct {
	*Lab
	name  string
	index int
}

func (l *Lab) worker(index int) worker { return worker{Lab: l, name: l.Nodes[index], index: index} }

func (w worker) groups() cgroup.Group { return w.group.Child(w.name) }
func (w worker) files(name ...string) string {
	return w.path(append([]string{"nodes", w.name}, name...)...)
}
func (w worker) component(name string) string { return w.name + "/" + name }

// boot makes the node's namespaces, plugs it in and starts containerd, with all images in it.
func (w worker) boot(ctx context.Context, wiring network.Network) error {
	if err := w.configure(); err != nil {
		return err
	}
	held, err := w.launch(w.component(anchor), process.Program{
		Path:  w.program("pause", "pause"),
		Fresh: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS,
	})
	if err != nil {
		return err
	}
	inside := process.Namespaces{Anchor: held.Pid, Whole: true}
	folders := rootfs.Folders{
		Kubelet: w.files("kubelet"), Containerd: w.files("containerd"), Log: w.files("log"), State: w.record.StateDir,
	}
	if err := inside.Do(func() error { return rootfs.Arrange(w.name, folders) }); err != nil {
		return fmt.Errorf("set up %s: %w", w.name, err)
	}
	if err := wiring.AddNode(held.Pid, w.name, w.index, len(w.Nodes)); err != nil {
		return fmt.Errorf("connect %s: %w", w.name, err)
	}
	if err := w.launchInside(containerd, "--config="+w.files("containerd.toml"), "--log-level=warn"); err != nil {
		return err
	}
	return w.importImages(ctx)
}

// join starts what makes the node one of the cluster.
func (w worker) join() error {
	return errors.Join(
		w.launchInside(kubelet, "--config="+w.files("kubelet.json"), "--kubeconfig="+w.path("pki", w.name+".kubeconfig"),
			"--hostname-override="+w.name, "--node-ip="+w.plan.Node(w.index).String(),
			"--node-labels=topology.kubernetes.io/zone="+w.record.Nodes[w.index].Zone),
		w.launchInside(kubeProxy, "--config="+w.files("kube-proxy.json")),
	)
}

func (w worker) launchInside(name string, args ...string) error {
	held := process.Find(w.groups().Child(anchor), "pause")
	if held == 0 {
		return fmt.Errorf("%s is not running", w.name)
	}
	from := "kubernetes"
	if name == containerd {
		from = "containerd"
	}
	_, err := w.launch(w.component(name), process.Program{
		Path:   w.program(from, name),
		Args:   args,
		Inside: &process.Namespaces{Anchor: held, Whole: true},
	})
	return err
}

// importImages puts the images that the lab knows into the node, and returns when they are there.
func (w worker) importImages(ctx context.Context, archives ...string) error {
	if len(archives) == 0 {
		var err error
		if archives, err = w.archives(); err != nil {
			return err
		}
	}
	held := process.Find(w.groups().Child(anchor), "pause")
	socket := fmt.Sprintf("/proc/%d/root/run/containerd/containerd.sock", held)
	component := w.component("image-import")
	quiet := *w.Lab
	quiet.died = nil // it is meant to end
	importer, err := quiet.launch(component, process.Program{
		Path: w.program("containerd", "image-import"),
		Args: append([]string{socket}, archives...),
	})
	if err != nil {
		return err
	}
	select {
	case <-importer.Done():
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if importer.Err() != nil {
		return fmt.Errorf("load images into %s: %w:\n%s", w.name, importer.Err(), w.tail(component))
	}
	return nil
}

// configure writes the configuration of the node's programs.
func (w worker) configure() error {
	for _, dir := range []string{"kubelet", "containerd", "log", "cni"} {
		if err := os.MkdirAll(w.files(dir), 0o755); err != nil {
			return err
		}
	}
	files := map[string][]byte{
		"containerd.toml":     w.containerdConfig(),
		"cni/10-lab.conflist": w.cniConfig(),
		"kubelet.json":        w.kubeletConfig(),
		"kube-proxy.json":     w.kubeProxyConfig(),
	}
	for name, content := range files {
		if err := os.WriteFile(w.files(name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
