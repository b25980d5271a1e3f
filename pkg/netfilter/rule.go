package netfilter

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// Action is what is done to packets.
type Action string

// The actions.
const (
	// Drop loses packets silently, in both directions: who has sent them is not told, neither by an error of the call nor otherwise.
	Drop Action = "drop"
	// Reset answers packets of TCP connections by a reset, and drops them.
	Reset Action = "reset"
	// Redirect brings new connections to a port of this network namespace: those that come in to the address at which they came
	// in, those that go out to 127.0.0.1 or ::1. Connections that were there before go on as they were. A UDP conversation is
	// taken for a connection.
	Redirect Action = "redirect"
)

// Direction is that of a packet, as the pod sees it.
type Direction string

// The directions.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// Protocol is TCP or UDP.
type Protocol string

// The protocols.
const (
	TCP Protocol = "tcp"
	UDP Protocol = "udp"
)

// Moment is that in the life of a connection at which it is reset.
type Moment string

// The moments.
const (
	// Connect is when a connection is asked for: who asks is refused.
	Connect Moment = "connect"
	// Established is at any packet after the handshake.
	Established Moment = "established"
)

// Rule says what becomes of which packets. A field that is zero chooses all. What goes over the loopback device, as between
// containers of one pod, is left alone by every rule, and so are ARP and the neighbour discovery of IPv6.
type Rule struct {
	Action    Action    `json:"action"`
	Direction Direction `json:"direction"`
	// Protocol is TCP where the action is Reset, and has to be said where it is Redirect.
	Protocol Protocol `json:"protocol,omitempty"`
	// Ports are those of which a packet has one, at either of its ends; where the action is Redirect, that to which it goes.
	Ports []uint16 `json:"ports,omitempty"`
	// Toward has Ports be those that a packet goes to, as they are where the action is Redirect.
	Toward bool `json:"toward,omitempty"`
	// Peers hold the address at the other end.
	Peers []netip.Prefix `json:"peers,omitempty"`
	// Share is the part of the packets to which it happens, chosen at random for each of them: more than 0, up to 1. A packet is
	// what the pod's network takes for one, which may be several on the wire.
	Share float64 `json:"share,omitempty"`
	// At limits Reset to a moment.
	At Moment `json:"at,omitempty"`
	// To is the local port of Redirect.
	To uint16 `json:"to,omitempty"`
}

// RedirectIn brings new connections from outside to one of the ports to a local port instead. No ports are all, of TCP alone. The process that listens there
// reaches the pod's own server at the original address: what it sends itself never comes in from outside.
func RedirectIn(protocol Protocol, to uint16, ports ...uint16) Rule {
	return Rule{Action: Redirect, Direction: In, Protocol: protocol, Ports: ports, To: to}
}

// RedirectOut brings new connections out of the pod, to one of the ports of one of the peers, to a local port instead. No peers are
// all, and so are no ports, of TCP alone. The process that listens there has its own connections left alone by [Exempt].
func RedirectOut(protocol Protocol, to uint16, peers []netip.Prefix, ports ...uint16) Rule {
	return Rule{Action: Redirect, Direction: Out, Protocol: protocol, Ports: ports, Peers: peers, To: to}
}

// Check says what is wrong with a rule.
func (r *Rule) Check() error {
	switch {
	case !slices.Contains([]Action{Drop, Reset, Redirect}, r.Action):
		return fmt.Errorf("there is no action %q", r.Action)
	case r.Direction != In && r.Direction != Out:
		return fmt.Errorf("there is no direction %q", r.Direction)
	case !slices.Contains([]Protocol{"", TCP, UDP}, r.Protocol):
		return fmt.Errorf("there is no protocol %q", r.Protocol)
	case !slices.Contains([]Moment{"", Connect, Established}, r.At):
		return fmt.Errorf("there is no moment %q", r.At)
	case r.Action == Reset && r.Protocol == UDP:
		return errors.New("UDP knows no reset")
	case r.Action != Reset && r.At != "":
		return errors.New("only a reset has a moment")
	case (r.Action == Redirect) != (r.To != 0):
		return errors.New("a redirection has a port to which it goes, and nothing else has")
	case r.Action == Redirect && r.Protocol == "":
		return errors.New("a redirection has a protocol")
	case r.Action == Redirect && r.Protocol == UDP && len(r.Ports) == 0:
		return errors.New("a redirection of UDP has ports from which it comes")
	case r.Share < 0 || r.Share > 1:
		return fmt.Errorf("a share is from 0 to 1, and not %g", r.Share)
	case slices.Contains(r.Ports, 0):
		return errors.New("there is no port 0")
	}
	return nil
}

// Count is what a rule has done so far: to packets, or to connections where they are redirected.
type Count struct {
	// Met is how many it was for, and Done to how many of those it has happened.
	Met, Done uint64
}

// Mark is that of packets which no rule redirects.
const Mark = 0xc4a05
