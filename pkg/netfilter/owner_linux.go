package netfilter

import (
	"encoding/binary"
	"net"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Two things the library cannot say: that a table has an owner, and to forward a packet to a device. These requests are made here,
// and sent over the library's own socket, which then is the owner.

// lostChain is where packets go that are lost on their way out.
const lostChain = "lost"

// own makes a table that goes with the socket, unless it was made before. The constant of the flag NFT_TABLE_F_OWNER is not in
// golang.org/x/sys/unix as such.
func (t *Table) own(table **nftables.Table, family nftables.TableFamily) error {
	if *table != nil {
		return nil
	}
	const owner = 0x2
	requests := []netlink.Message{request(unix.NFT_MSG_NEWTABLE, netlink.Create|netlink.Excl, family,
		netlink.Attribute{Type: unix.NFTA_TABLE_NAME, Data: text(t.name)},
		netlink.Attribute{Type: unix.NFTA_TABLE_FLAGS, Data: binary.BigEndian.AppendUint32(nil, owner)},
	)}
	if family == nftables.TableFamilyNetdev {
		lose, err := t.losing(family)
		if err != nil {
			return err
		}
		requests = append(requests, lose...)
	}
	if err := t.transact(requests); err != nil {
		return err
	}
	*table = &nftables.Table{Name: t.name, Family: family}
	return nil
}

// losing makes the chain whose packets are lost. A verdict to drop one that goes out would be told to its sender: a call that sends
// by UDP fails with EPERM, and TCP knows at once. So it is forwarded to the loopback device, which takes it for one that is meant
// for somebody else, by the hardware address on it, and forgets it.
func (t *Table) losing(family nftables.TableFamily) ([]netlink.Message, error) {
	loopback, err := loopbackDevice()
	if err != nil {
		return nil, err
	}
	device, err := expr.Marshal(byte(family), &expr.Immediate{Register: unix.NFT_REG_1, Data: binary.NativeEndian.AppendUint32(nil, uint32(loopback))})
	if err != nil {
		return nil, err
	}
	forward := attributes(
		netlink.Attribute{Type: unix.NFTA_EXPR_NAME, Data: text("fwd")},
		netlink.Attribute{Type: unix.NLA_F_NESTED | unix.NFTA_EXPR_DATA, Data: attributes(
			netlink.Attribute{Type: unix.NFTA_FWD_SREG_DEV, Data: binary.BigEndian.AppendUint32(nil, unix.NFT_REG_1)},
		)},
	)
	return []netlink.Message{
		request(unix.NFT_MSG_NEWCHAIN, netlink.Create, family,
			netlink.Attribute{Type: unix.NFTA_CHAIN_TABLE, Data: text(t.name)},
			netlink.Attribute{Type: unix.NFTA_CHAIN_NAME, Data: text(lostChain)},
		),
		request(unix.NFT_MSG_NEWRULE, netlink.Create|netlink.Append, family,
			netlink.Attribute{Type: unix.NFTA_RULE_TABLE, Data: text(t.name)},
			netlink.Attribute{Type: unix.NFTA_RULE_CHAIN, Data: text(lostChain)},
			netlink.Attribute{Type: unix.NLA_F_NESTED | unix.NFTA_RULE_EXPRESSIONS, Data: attributes(
				netlink.Attribute{Type: unix.NLA_F_NESTED | unix.NFTA_LIST_ELEM, Data: device},
				netlink.Attribute{Type: unix.NLA_F_NESTED | unix.NFTA_LIST_ELEM, Data: forward},
			)},
		),
	}, nil
}

func loopbackDevice() (int, error) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		return 0, err
	}
	return lo.Index, nil
}

// transact sends requests as one transaction.
func (t *Table) transact(requests []netlink.Message) error {
	bounds := func(kind netlink.HeaderType) netlink.Message {
		return netlink.Message{
			Header: netlink.Header{Type: kind, Flags: netlink.Request},
			Data:   []byte{unix.AF_UNSPEC, unix.NFNETLINK_V0, 0, unix.NFNL_SUBSYS_NFTABLES},
		}
	}
	all := append([]netlink.Message{bounds(unix.NFNL_MSG_BATCH_BEGIN)}, requests...)
	if _, err := t.socket.SendMessages(append(all, bounds(unix.NFNL_MSG_BATCH_END))); err != nil {
		return err
	}
	for range requests {
		if _, err := t.socket.Receive(); err != nil {
			return err
		}
	}
	return nil
}

func request(kind uint16, flags netlink.HeaderFlags, family nftables.TableFamily, with ...netlink.Attribute) netlink.Message {
	return netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(unix.NFNL_SUBSYS_NFTABLES<<8 | kind), Flags: netlink.Request | netlink.Acknowledge | flags},
		Data:   append([]byte{byte(family), unix.NFNETLINK_V0, 0, 0}, attributes(with...)...),
	}
}

func text(s string) []byte { return append([]byte(s), 0) }

// attributes are never too long here, which is the only error that there could be.
func attributes(all ...netlink.Attribute) []byte {
	data, err := netlink.MarshalAttributes(all)
	if err != nil {
		panic(err)
	}
	return data
}
