//go:build linux

package network

import (
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// namespace is a handle on the network namespace of a process.
type namespace struct {
	*netlink.Handle
}

func open(pid int) (*namespace, error) {
	ns, err := netns.GetFromPid(pid)
	if err != nil {
		return nil, fmt.Errorf("find network namespace of process %d: %w", pid, err)
	}
	defer ns.Close()
	handle, err := netlink.NewHandleAt(ns)
	if err != nil {
		return nil, fmt.Errorf("enter network namespace of process %d: %w", pid, err)
	}
	return &namespace{handle}, nil
}

// plug makes a cable from a link in this namespace to a port in that of another process.
func plug(from *namespace, link string, pid int, port string) error {
	cable := &netlink.Veth{LinkAttrs: attrs(link), PeerName: port, PeerNamespace: netlink.NsPid(pid)}
	if err := from.LinkAdd(cable); err != nil {
		return fmt.Errorf("make link %s: %w", link, err)
	}
	return nil
}

func (n *namespace) up(name string) error {
	link, err := n.LinkByName(name)
	if err != nil {
		return err
	}
	return n.LinkSetUp(link)
}

// enslave attaches a port to the switch and turns it on.
func (n *namespace) enslave(port string) error {
	link, err := n.LinkByName(port)
	if err != nil {
		return err
	}
	master, err := n.LinkByName(bridge)
	if err != nil {
		return err
	}
	if err := n.LinkSetMaster(link, master); err != nil {
		return fmt.Errorf("attach %s to the switch: %w", port, err)
	}
	return n.LinkSetUp(link)
}

// address gives a link its address and turns it on.
func (n *namespace) address(name string, address netip.Prefix) error {
	link, err := n.LinkByName(name)
	if err != nil {
		return err
	}
	if err := n.AddrReplace(link, &netlink.Addr{IPNet: ipNet(address)}); err != nil {
		return fmt.Errorf("give %s its address: %w", name, err)
	}
	return n.LinkSetUp(link)
}

// route sends what is for a range through a neighbour on a link.
func (n *namespace) route(name string, to netip.Prefix, via netip.Addr) error {
	link, err := n.LinkByName(name)
	if err != nil {
		return err
	}
	route := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(to), Gw: via.AsSlice()}
	if err := n.RouteReplace(route); err != nil {
		return fmt.Errorf("route %s through %s: %w", to, via, err)
	}
	return nil
}
