//go:build linux

package lab

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
	"github.com/chaosctl/chaosctl/lab/internal/process"
	"github.com/chaosctl/chaosctl/lab/internal/registry"
)

// StopNode takes the power from a node: its processes, containers included, die at once.
// The cluster learns of it as it would of a machine's loss.
func (l *Lab) StopNode(ctx context.Context, name string) error {
	return l.changeNode(ctx, name, func(w worker, node *registry.Node) error {
		node.Stopped = true
		if err := l.registry.Save(l.record); err != nil {
			return err
		}
		return w.groups().Kill(ctx)
	})
}

// StartNode turns a stopped node on again and returns when it is ready. Its disk is as it was: the
// images are there, the containers are not running.
func (l *Lab) StartNode(ctx context.Context, name string) error {
	return l.changeNode(ctx, name, func(w worker, node *registry.Node) error {
		if !node.Stopped {
			return nil
		}
		if err := w.groups().Kill(ctx); err != nil { // what an interrupted start has left
			return err
		}
		wiring, err := l.network()
		if err != nil {
			return err
		}
		if err := wiring.AwaitPortGone(ctx, name); err != nil {
			return err
		}
		if err := w.boot(ctx, wiring); err != nil {
			return err
		}
		if node.Cut {
			if err := wiring.SetPort(name, false); err != nil {
				return err
			}
		}
		if err := w.join(); err != nil {
			return err
		}
		node.Stopped = false
		if node.Cut {
			return nil
		}
		return l.awaitNode(ctx, name)
	})
}

// CutNode pulls a node's cable: it runs on, and can reach nothing but itself.
func (l *Lab) CutNode(ctx context.Context, name string) error { return l.setCut(ctx, name, true) }

// HealNode puts back the cable of a node that was cut.
func (l *Lab) HealNode(ctx context.Context, name string) error { return l.setCut(ctx, name, false) }

func (l *Lab) setCut(ctx context.Context, name string, cut bool) error {
	return l.changeNode(ctx, name, func(_ worker, node *registry.Node) error {
		node.Cut = cut
		if node.Stopped {
			return nil // StartNode sees to it
		}
		wiring, err := l.network()
		if err != nil {
			return err
		}
		return wiring.SetPort(name, !cut)
	})
}

// changeNode changes a node and remembers how it is now. ClusterIPs are reached from outside
// through the first node that runs and is connected.
func (l *Lab) changeNode(ctx context.Context, name string, change func(worker, *registry.Node) error) error {
	release, err := l.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	index, err := l.node(name)
	if err != nil {
		return err
	}
	if err := l.running(); err != nil {
		return err
	}
	if err := change(l.worker(index), &l.record.Nodes[index]); err != nil {
		return err
	}
	if err := l.registry.Save(l.record); err != nil {
		return err
	}
	usable := func(n registry.Node) bool { return !n.Stopped && !n.Cut }
	gateway := slices.IndexFunc(l.record.Nodes, usable)
	if gateway < 0 {
		return nil
	}
	wiring, err := l.network()
	if err != nil {
		return err
	}
	return wiring.RouteServices(gateway)
}

func (l *Lab) running() error {
	if l.record.Phase != registry.Running {
		return advice.New("run `lab up --name "+l.Name+"`, which makes it anew", "lab %s was left half made", l.Name)
	}
	return nil
}

// awaitNode waits until the kubelet that was just started has reported itself ready: that of
// before the stop may still count as ready.
func (l *Lab) awaitNode(ctx context.Context, name string) error {
	client, err := l.client()
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	return await(ctx, "a ready "+name, func(ctx context.Context) error { return l.nodesReady(ctx, client) })
}

// StopComponent ends a program of the control plane ("etcd", "kube-apiserver", ...) at once.
func (l *Lab) StopComponent(ctx context.Context, name string) error {
	return l.changeComponent(ctx, name, func() error {
		if !slices.Contains(l.record.Stopped, name) {
			l.record.Stopped = append(l.record.Stopped, name)
		}
		if err := l.registry.Save(l.record); err != nil {
			return err
		}
		return l.group.Child(name).Kill(ctx)
	})
}

// StartComponent starts a program of the control plane that was stopped or has died.
func (l *Lab) StartComponent(ctx context.Context, name string) error {
	return l.changeComponent(ctx, name, func() error {
		l.record.Stopped = slices.DeleteFunc(l.record.Stopped, func(s string) bool { return s == name })
		if process.Find(l.group.Child(name), name) != 0 {
			return nil
		}
		return l.launchControlPlane(name)
	})
}

// PauseComponent makes a program of the control plane stand still: it keeps its connections and
// answers none.
func (l *Lab) PauseComponent(ctx context.Context, name string) error {
	return l.signalComponent(ctx, name, unix.SIGSTOP)
}

// ResumeComponent lets a paused program go on.
func (l *Lab) ResumeComponent(ctx context.Context, name string) error {
	return l.signalComponent(ctx, name, unix.SIGCONT)
}

func (l *Lab) signalComponent(ctx context.Context, name string, signal unix.Signal) error {
	return l.changeComponent(ctx, name, func() error {
		pid := process.Find(l.group.Child(name), name)
		if pid == 0 {
			return advice.New("`lab component start "+name+"` starts it", "%s is not running", name)
		}
		return unix.Kill(pid, signal)
	})
}

func (l *Lab) changeComponent(ctx context.Context, name string, change func() error) error {
	if !slices.Contains(controlPlane, name) {
		return l.unknownComponent(name)
	}
	release, err := l.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := l.running(); err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	return l.registry.Save(l.record)
}

func (l *Lab) unknownComponent(name string) error {
	return advice.New("there are "+strings.Join(controlPlane, ", ")+", and on each node NODE/"+strings.Join(workers, ", NODE/"),
		"lab %s has no component %q", l.Name, name)
}
