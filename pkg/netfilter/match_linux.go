package netfilter

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// register is the only one that is used.
const register = unix.NFT_REG_1

// matches are the ways in which a packet can be one of the rule's. Each is a list of conditions of which all hold.
func (t *Table) matches(home *nftables.Table, number int, r *Rule) [][]expr.Any {
	var all [][]expr.Any
	for _, four := range []bool{true, false} {
		set := t.sets[setName(number, four)]
		if set == nil && len(r.Peers) > 0 {
			continue // all of them are of the other family
		}
		for _, ports := range transport(r) {
			all = append(all, slices.Concat(addresses(home, r, four, set), ports))
		}
	}
	return all
}

// addresses is the part of it about addresses and devices.
func addresses(home *nftables.Table, r *Rule, four bool, set *nftables.Set) []expr.Any {
	netdev, in := home.Family == nftables.TableFamilyNetdev, r.Direction == In
	match := isFamily(netdev, four)
	if !netdev {
		match = append(match, notLoopback(in)...)
	}
	if r.Action == Redirect && !in {
		match = append(match, &expr.Meta{Key: expr.MetaKeyMARK, Register: register}, is(expr.CmpOpNeq, binary.NativeEndian.AppendUint32(nil, Mark)))
	}
	if set != nil {
		match = append(match, address(four, in), &expr.Lookup{SourceRegister: register, SetName: set.Name, SetID: set.ID})
	}
	return match
}

// perRequest is how many prefixes fit into one with certainty, at 16 bytes for each of two ends and what goes with them.
const perRequest = 400

// addSet makes a set of prefixes.
func (t *Table) addSet(home *nftables.Table, name string, peers []netip.Prefix) error {
	set := &nftables.Set{Table: home, Name: name, Interval: true, KeyType: nftables.TypeIPAddr}
	if peers[0].Addr().Is6() {
		set.KeyType = nftables.TypeIP6Addr
	}
	if err := t.conn.AddSet(set, nil); err != nil {
		return err
	}
	for some := range slices.Chunk(peers, perRequest) {
		var elements []nftables.SetElement
		for _, p := range some {
			elements = append(elements, nftables.SetElement{Key: p.Addr().AsSlice()})
			if end := beyond(p); end.IsValid() {
				elements = append(elements, nftables.SetElement{Key: end.AsSlice(), IntervalEnd: true})
			}
		}
		if err := t.conn.SetAddElements(set, elements); err != nil {
			return err
		}
		if err := t.conn.Flush(); err != nil {
			return err
		}
	}
	t.sets[name] = set
	return nil
}

func setName(number int, four bool) string { return fmt.Sprintf("peers-%d-%d", number, version(four)) }

func version(four bool) int {
	if four {
		return 4
	}
	return 6
}

func is(op expr.CmpOp, data []byte) *expr.Cmp {
	return &expr.Cmp{Op: op, Register: register, Data: data}
}

func isFamily(netdev, four bool) []expr.Any {
	switch {
	case netdev && four:
		return []expr.Any{&expr.Meta{Key: expr.MetaKeyPROTOCOL, Register: register}, is(expr.CmpOpEq, binary.BigEndian.AppendUint16(nil, unix.ETH_P_IP))}
	case netdev:
		return []expr.Any{&expr.Meta{Key: expr.MetaKeyPROTOCOL, Register: register}, is(expr.CmpOpEq, binary.BigEndian.AppendUint16(nil, unix.ETH_P_IPV6))}
	case four:
		return []expr.Any{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: register}, is(expr.CmpOpEq, []byte{unix.NFPROTO_IPV4})}
	}
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: register}, is(expr.CmpOpEq, []byte{unix.NFPROTO_IPV6})}
}

// notLoopback leaves alone what stays within the pod.
func notLoopback(in bool) []expr.Any {
	key := expr.MetaKeyOIFTYPE
	if in {
		key = expr.MetaKeyIIFTYPE
	}
	return []expr.Any{&expr.Meta{Key: key, Register: register}, is(expr.CmpOpNeq, binary.NativeEndian.AppendUint16(nil, unix.ARPHRD_LOOPBACK))}
}

// neighbours are the messages of neighbour discovery: the types of ICMPv6 from 133 to 137.
func neighbours() []expr.Any {
	return append(isFamily(true, false),
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: register}, is(expr.CmpOpEq, []byte{unix.IPPROTO_ICMPV6}),
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Len: 1}, is(expr.CmpOpGte, []byte{133}), is(expr.CmpOpLte, []byte{137}),
	)
}

func address(four, in bool) *expr.Payload {
	at := &expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: 24, Len: 16}
	switch {
	case four && in:
		at.Offset, at.Len = 12, 4
	case four:
		at.Offset, at.Len = 16, 4
	case in:
		at.Offset = 8
	}
	return at
}

// transport is the part of it about protocols and ports.
func transport(r *Rule) [][]expr.Any {
	protocols := []Protocol{r.Protocol}
	switch {
	case r.Action == Reset:
		protocols = []Protocol{TCP}
	case r.Protocol == "" && len(r.Ports) == 0:
		return [][]expr.Any{nil}
	case r.Protocol == "":
		protocols = []Protocol{TCP, UDP}
	}
	const source, destination = 0, 2
	ends := []uint32{source, destination}
	if r.Action == Redirect || r.Toward {
		ends = ends[1:]
	}
	var all [][]expr.Any
	for _, protocol := range protocols {
		match := append(isProtocol(protocol), flags(r, protocol)...)
		if len(r.Ports) == 0 {
			all = append(all, match)
		}
		for _, port := range r.Ports {
			for _, end := range ends {
				all = append(all, slices.Concat(match, []expr.Any{
					&expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: end, Len: 2},
					is(expr.CmpOpEq, binary.BigEndian.AppendUint16(nil, port)),
				}))
			}
		}
	}
	return all
}

func isProtocol(p Protocol) []expr.Any {
	number := byte(unix.IPPROTO_TCP)
	if p == UDP {
		number = unix.IPPROTO_UDP
	}
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: register}, is(expr.CmpOpEq, []byte{number})}
}

// flags wants a packet of TCP to begin a connection where that is what a rule is for. A reset is never answered by one; the kernel
// would drop it instead, and with it those that it sends itself.
func flags(r *Rule, p Protocol) []expr.Any {
	const syn, rst, ack = 0x02, 0x04, 0x10
	var mask, want byte
	switch {
	case p != TCP || r.Action == Drop:
		return nil
	case r.Action == Redirect || r.At == Connect:
		mask, want = syn|rst|ack, syn
	case r.At == Established:
		mask = syn | rst
	default:
		mask = rst
	}
	return []expr.Any{
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: 13, Len: 1},
		&expr.Bitwise{SourceRegister: register, DestRegister: register, Len: 1, Mask: []byte{mask}, Xor: []byte{0}},
		is(expr.CmpOpEq, []byte{want}),
	}
}

// by is true for a share of the packets.
func by(share float64) []expr.Any {
	if share == 0 || share == 1 {
		return nil
	}
	const parts = 1_000_000
	chosen := max(1, uint32(math.Round(share*parts)))
	return []expr.Any{
		&expr.Numgen{Register: register, Modulus: parts, Type: unix.NFT_NG_RANDOM},
		// What is compared are bytes, from the first.
		&expr.Byteorder{SourceRegister: register, DestRegister: register, Op: expr.ByteorderHton, Len: 4, Size: 4},
		is(expr.CmpOpLt, binary.BigEndian.AppendUint32(nil, chosen)),
	}
}

func count(counter string) *expr.Objref {
	return &expr.Objref{Type: unix.NFT_OBJECT_COUNTER, Name: counter}
}

// act is the action.
func act(r *Rule) []expr.Any {
	switch {
	case r.Action == Reset:
		return []expr.Any{&expr.Reject{Type: unix.NFT_REJECT_TCP_RST}}
	case r.Action == Redirect:
		return []expr.Any{
			&expr.Immediate{Register: register, Data: binary.BigEndian.AppendUint16(nil, r.To)},
			&expr.Redir{RegisterProtoMin: register, Flags: unix.NF_NAT_RANGE_PROTO_SPECIFIED},
		}
	case r.Direction == Out:
		return []expr.Any{&expr.Verdict{Kind: expr.VerdictGoto, Chain: lostChain}}
	}
	return []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}}
}
