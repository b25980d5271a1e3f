//go:build linux

package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
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
		started := time.Now()
		if err := w.join(); err != nil {
			return err
		}
		node.Stopped = false
		if node.Cut {
			return nil
		}
		return l.awaitNode(ctx, name, started)
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

// awaitNode waits until a kubelet that was started at that time has reported the node ready: what
// the one before it reported may still hold. Such times are whole seconds.
func (l *Lab) awaitNode(ctx context.Context, name string, started time.Time) error {
	client, err := l.client()
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	err = await(ctx, "a ready "+name, func(ctx context.Context) error {
		ready, err := readyNodes(ctx, client)
		if err != nil {
			return err
		}
		if ready[name].Before(started.Truncate(time.Second)) {
			return fmt.Errorf("%s is not ready", name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return await(ctx, "working Services", l.servicesReady)
}
