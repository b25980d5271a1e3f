//go:build linux

package lab

import (
	"context"
	"slices"
	"time"

	"github.com/chaosctl/chaosctl/lab/internal/host"
	"github.com/chaosctl/chaosctl/lab/internal/process"
	"github.com/chaosctl/chaosctl/lab/internal/registry"
)

// answerWithin is how long the API server may take to count as healthy.
const answerWithin = 2 * time.Second

// List returns all labs on this machine, half-made ones as well.
func List() ([]*Lab, error) {
	if err := host.Root(); err != nil {
		return nil, err
	}
	labs := registry.Open(registry.DefaultDir)
	records, err := labs.List()
	if err != nil {
		return nil, err
	}
	var list []*Lab
	for _, record := range records {
		l, err := load(labs, record)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, nil
}

// components says how each program of the lab is.
func (l *Lab) components() []Component {
	var all []Component
	for _, name := range controlPlane {
		all = append(all, l.inspect(name, name, slices.Contains(l.record.Stopped, name)))
	}
	for _, node := range l.record.Nodes {
		for _, name := range workers {
			all = append(all, l.inspect(node.Name+"/"+name, name, node.Stopped))
		}
	}
	return all
}

func (l *Lab) inspect(component, program string, stopped bool) Component {
	c := Component{Name: component, State: Alive, Log: l.logFile(component)}
	c.Pid = process.Find(l.group.Child(component), program)
	switch {
	case c.Pid != 0 && process.Paused(c.Pid):
		c.State = Paused
	case c.Pid != 0:
	case stopped:
		c.State = Stopped
	default:
		c.State, c.LastWords = Dead, l.tail(component)
	}
	return c
}

// Status says how the lab is. It fails only if that cannot be found out.
func (l *Lab) Status(ctx context.Context) (Status, error) {
	record, err := l.registry.Load(l.Name)
	if err != nil {
		return Status{}, err
	}
	l.record = record
	s := Status{
		Name: l.Name, Phase: string(record.Phase), Profile: l.profile(), Addons: record.Addons, Created: record.Created,
		Kubeconfig: l.Kubeconfig, Server: l.server(), Components: l.components(), Nodes: []NodeStatus{},
	}
	ready, err := l.askReady(ctx)
	if err != nil {
		s.Problem = err.Error()
	}
	s.Healthy = err == nil && record.Phase == registry.Running
	for i, node := range record.Nodes {
		_, isReady := ready[node.Name]
		s.Nodes = append(s.Nodes, NodeStatus{
			Name: node.Name, Zone: node.Zone, Address: l.plan.Node(i).String(),
			Ready: isReady, Stopped: node.Stopped, Cut: node.Cut,
		})
		s.Healthy = s.Healthy && isReady
	}
	for _, c := range s.Components {
		s.Healthy = s.Healthy && c.State == Alive
	}
	return s, nil
}

func (l *Lab) askReady(ctx context.Context) (map[string]time.Time, error) {
	client, err := l.client()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if err := client.Ready(ctx); err != nil {
		return nil, err
	}
	return readyNodes(ctx, client)
}

// Log returns the path of what a component says: "etcd", "node1/kubelet".
func (l *Lab) Log(component string) (string, error) {
	for _, c := range l.components() {
		if c.Name == component {
			return c.Log, nil
		}
	}
	return "", l.unknownComponent(component)
}
