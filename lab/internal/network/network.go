//go:build linux

// Package network wires a lab.
//
// The lab's switch is a bridge in a network namespace of its own, the one that the control plane
// runs in; the nodes' namespaces and the host are plugged into it. The host so has a single link
// of the lab, which goes when the namespace goes, and none of its settings changes: what nodes
// send each other passes neither its routes nor its firewall.
package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/chaosctl/chaosctl/lab/internal/process"
	"github.com/chaosctl/chaosctl/lab/internal/subnet"
)

const (
	bridge   = "switch"
	hostPort = "host"
	uplink   = "eth0"
)

// Network is the wiring of one lab.
type Network struct {
	Plan subnet.Plan
	// HostLink is the name of the lab's link on the host, up to 15 characters.
	HostLink string
	// Switch is the process id of the anchor of the switch's namespace.
	Switch int
}

// Create sets up the switch and plugs the host into it.
func (n Network) Create() error {
	if err := forward(n.Switch); err != nil {
		return err
	}
	inside, err := open(n.Switch)
	if err != nil {
		return err
	}
	defer inside.Close()
	if err := inside.up("lo"); err != nil {
		return err
	}
	if err := inside.LinkAdd(&netlink.Bridge{LinkAttrs: attrs(bridge)}); err != nil {
		return fmt.Errorf("make bridge: %w", err)
	}
	if err := inside.address(bridge, netip.PrefixFrom(n.Plan.ControlPlane(), n.Plan.Switch().Bits())); err != nil {
		return err
	}
	host, err := open(os.Getpid())
	if err != nil {
		return err
	}
	defer host.Close()
	if err := plug(host, n.HostLink, n.Switch, hostPort); err != nil {
		return err
	}
	if err := inside.enslave(hostPort); err != nil {
		return err
	}
	return host.address(n.HostLink, netip.PrefixFrom(n.Plan.Host(), n.Plan.Switch().Bits()))
}

// AddNode plugs in the node with that index, whose namespace is held by the anchor, and lets it
// reach the pods of the others.
func (n Network) AddNode(anchor int, name string, index, nodes int) error {
	if err := forward(anchor); err != nil {
		return err
	}
	node, err := open(anchor)
	if err != nil {
		return err
	}
	defer node.Close()
	inside, err := open(n.Switch)
	if err != nil {
		return err
	}
	defer inside.Close()
	if err := node.up("lo"); err != nil {
		return err
	}
	if err := plug(node, uplink, n.Switch, name); err != nil {
		return err
	}
	if err := inside.enslave(name); err != nil {
		return err
	}
	if err := node.address(uplink, netip.PrefixFrom(n.Plan.Node(index), n.Plan.Switch().Bits())); err != nil {
		return err
	}
	for other := range nodes {
		if other == index {
			continue
		}
		if err := node.route(uplink, n.Plan.NodePods(other), n.Plan.Node(other)); err != nil {
			return err
		}
	}
	return node.route(uplink, netip.MustParsePrefix("0.0.0.0/0"), n.Plan.Host())
}

// RoutePods lets the control plane and the host reach the pods of the node with that index.
func (n Network) RoutePods(index int) error {
	return n.routeOutside(n.Plan.NodePods(index), n.Plan.Node(index))
}

// RouteServices lets the control plane and the host reach ClusterIPs, through the node with that
// index, whose kube-proxy translates them. It may be called again with another node.
func (n Network) RouteServices(index int) error {
	return n.routeOutside(n.Plan.Services(), n.Plan.Node(index))
}

func (n Network) routeOutside(to netip.Prefix, via netip.Addr) error {
	for pid, link := range map[int]string{os.Getpid(): n.HostLink, n.Switch: bridge} {
		space, err := open(pid)
		if err != nil {
			return err
		}
		err = space.route(link, to, via)
		space.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// SetPort pulls a node's cable (false) or puts it back (true).
func (n Network) SetPort(name string, connected bool) error {
	inside, err := open(n.Switch)
	if err != nil {
		return err
	}
	defer inside.Close()
	link, err := inside.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find port of %s: %w", name, err)
	}
	if connected {
		return inside.LinkSetUp(link)
	}
	return inside.LinkSetDown(link)
}

// Taken reports whether the host has a route into a range.
func Taken(to netip.Prefix) (bool, error) {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return false, err
	}
	for _, route := range routes {
		if route.Dst == nil {
			continue
		}
		addr, _ := netip.AddrFromSlice(route.Dst.IP.To4())
		ones, _ := route.Dst.Mask.Size()
		if ones > 0 && netip.PrefixFrom(addr, ones).Overlaps(to) {
			return true, nil
		}
	}
	return false, nil
}

// AwaitGone waits until the host has no link of that name: one can outlive its namespace for an
// instant. Should its namespace be gone without it, the link is removed.
func AwaitGone(ctx context.Context, name string) error {
	for {
		link, err := netlink.LinkByName(name)
		var absent netlink.LinkNotFoundError
		if errors.As(err, &absent) {
			return nil
		}
		if err == nil {
			_ = netlink.LinkDel(link)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("network link %s does not go: %w", name, context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// AwaitPortGone waits until the port of a node that was stopped has gone from the switch.
func (n Network) AwaitPortGone(ctx context.Context, name string) error {
	return process.Namespaces{Anchor: n.Switch}.Do(func() error { return AwaitGone(ctx, name) })
}

// forward lets the kernel pass on packets between the links of a namespace.
func forward(anchor int) error {
	return process.Namespaces{Anchor: anchor}.Do(func() error {
		return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
	})
}

func attrs(name string) netlink.LinkAttrs {
	a := netlink.NewLinkAttrs()
	a.Name = name
	return a
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 32)}
}
