// Package subnet says which addresses a lab uses.
//
// All labs live in 198.18.0.0/15, which RFC 2544 reserves for benchmarks, so that they collide with
// no network that a machine may be on. The range is cut into 16 slots of a /19 each; a lab has one:
//
//	base+0.0/24   the lab's switch: control plane .1, nodes from .11 up, the host .254
//	base+8.0/21   Services (their first address is the API server, the tenth is DNS)
//	base+16.0/20  pods, a /24 for each node
package subnet

import (
	"encoding/binary"
	"net/netip"
)

const (
	// Slots is how many labs can run side by side on a machine.
	Slots = 16
	// MaxNodes is how many nodes a lab can have.
	MaxNodes = 16
)

// Plan is the addresses of one lab.
type Plan struct{ base uint32 }

// For returns the plan of a slot between 0 and Slots-1.
func For(slot int) Plan {
	start := netip.MustParseAddr("198.18.0.0").As4()
	return Plan{base: binary.BigEndian.Uint32(start[:]) + uint32(slot)<<13}
}

func (p Plan) at(offset uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], p.base+offset)
	return netip.AddrFrom4(b)
}

// All is everything that the lab may use.
func (p Plan) All() netip.Prefix { return netip.PrefixFrom(p.at(0), 19) }

// Switch is the network that the control plane, the nodes and the host share.
func (p Plan) Switch() netip.Prefix { return netip.PrefixFrom(p.at(0), 24) }

// ControlPlane is where the API server listens.
func (p Plan) ControlPlane() netip.Addr { return p.at(1) }

// Host is the machine's own address on the lab's switch.
func (p Plan) Host() netip.Addr { return p.at(254) }

// Node is the address of the node with that index, from 0.
func (p Plan) Node(index int) netip.Addr { return p.at(11 + uint32(index)) }

// Services is the range of ClusterIPs.
func (p Plan) Services() netip.Prefix { return netip.PrefixFrom(p.at(8<<8), 21) }

// API is the ClusterIP of the Service "kubernetes".
func (p Plan) API() netip.Addr { return p.at(8<<8 + 1) }

// DNS is the ClusterIP of the cluster's DNS, where that addon is on.
func (p Plan) DNS() netip.Addr { return p.at(8<<8 + 10) }

// Pods is the range that every node's pods are in.
func (p Plan) Pods() netip.Prefix { return netip.PrefixFrom(p.at(16<<8), 20) }

// NodePods is the range of the pods on the node with that index.
func (p Plan) NodePods(index int) netip.Prefix {
	return netip.PrefixFrom(p.at((16+uint32(index))<<8), 24)
}
