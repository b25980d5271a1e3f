package netfilter

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"github.com/chaosctl/chaosctl/pkg/netfilter"
)

// The addresses of the two ends; the peer has two of each family.
var (
	podAddresses  = []string{"10.83.0.1", "fd83::1"}
	peerAddresses = []string{"10.83.0.2", "fd83::2"}
	peersOthers   = []string{"10.83.0.3", "fd83::3"}
)

// scene is a pod and its peer, each a network namespace, with a cable between them.
type scene struct{ pod, peer netns.NsHandle }

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{pod: newNamespace(t), peer: newNamespace(t)}
	in(t, s.pod, func() {
		eth0 := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: "eth0", PeerNamespace: netlink.NsFd(int(s.peer))}
		require.NoError(t, netlink.LinkAdd(eth0))
	})
	s.raise(t, s.pod, podAddresses)
	s.raise(t, s.peer, append(slices.Clone(peerAddresses), peersOthers...))
	s.await(t)
	return s
}

// newNamespace goes when the last handle of it does.
func newNamespace(t *testing.T) (made netns.NsHandle) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		var err error
		made, err = netns.New()
		done <- err
	}()
	require.NoError(t, <-done)
	t.Cleanup(func() { made.Close() })
	return made
}

// in runs f on a thread in a namespace. Sockets that it makes stay there, and so do processes.
func in(t *testing.T, namespace netns.NsHandle, f func()) {
	t.Helper()
	done := make(chan error, 1)
	returned := false
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if err := netns.Set(namespace); err != nil {
			done <- err
			return
		}
		f()
		returned = true
	}()
	require.NoError(t, <-done)
	if !returned {
		t.FailNow() // f has, by require
	}
}

func (s *scene) raise(t *testing.T, namespace netns.NsHandle, addresses []string) {
	t.Helper()
	in(t, namespace, func() {
		for _, device := range []string{"lo", "eth0"} {
			link, err := netlink.LinkByName(device)
			require.NoError(t, err)
			require.NoError(t, netlink.LinkSetUp(link))
			if device == "lo" {
				continue
			}
			for _, address := range addresses {
				bits := 24
				if netip.MustParseAddr(address).Is6() {
					bits = 64
				}
				a, err := netlink.ParseAddr(fmt.Sprintf("%s/%d", address, bits))
				require.NoError(t, err)
				if bits == 64 {
					a.Flags = 0x02 // IFA_F_NODAD
				}
				require.NoError(t, netlink.AddrAdd(link, a))
			}
		}
	})
}

// await waits until the link-local addresses are settled too, so that nothing but the rules changes afterwards.
func (s *scene) await(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		return s.settled(t, s.pod) && s.settled(t, s.peer)
	}, 10*time.Second, 10*time.Millisecond)
}

func (s *scene) settled(t *testing.T, namespace netns.NsHandle) bool {
	h, err := netlink.NewHandleAt(namespace)
	require.NoError(t, err)
	defer h.Close()
	addresses, err := h.AddrList(nil, netlink.FAMILY_V6)
	require.NoError(t, err)
	const tentative = 0x40
	return len(addresses) > 2 && !slices.ContainsFunc(addresses, func(a netlink.Addr) bool { return a.Flags&tentative != 0 })
}

// network is what there is of the pod's: tables, chains, links, addresses and routes.
func (s *scene) network(t *testing.T) []string {
	t.Helper()
	h, err := netlink.NewHandleAt(s.pod)
	require.NoError(t, err)
	defer h.Close()
	links, err := h.LinkList()
	require.NoError(t, err)
	addresses, err := h.AddrList(nil, netlink.FAMILY_ALL)
	require.NoError(t, err)
	routes, err := h.RouteListFiltered(netlink.FAMILY_ALL, &netlink.Route{}, netlink.RT_FILTER_TABLE)
	require.NoError(t, err)
	var found []string
	for _, l := range links {
		found = append(found, fmt.Sprintf("link %s %s %s mtu %d", l.Attrs().Name, l.Attrs().Flags, l.Attrs().HardwareAddr, l.Attrs().MTU))
	}
	for _, a := range addresses {
		found = append(found, "address "+a.IPNet.String())
	}
	for _, r := range routes {
		found = append(found, "route "+r.String())
	}
	slices.Sort(found)
	return append(found, s.tables(t)...)
}

// tables are those of nftables in the pod's namespace.
func (s *scene) tables(t *testing.T) []string {
	t.Helper()
	c, err := nftables.New(nftables.WithNetNSFd(int(s.pod)))
	require.NoError(t, err)
	tables, err := c.ListTables()
	require.NoError(t, err)
	var found []string
	for _, table := range tables {
		found = append(found, fmt.Sprintf("table %d %s", table.Family, table.Name))
	}
	chains, err := c.ListChains()
	require.NoError(t, err)
	for _, chain := range chains {
		found = append(found, fmt.Sprintf("chain %d %s %s", chain.Table.Family, chain.Table.Name, chain.Name))
	}
	return found
}

// install puts rules in force in the pod.
func (s *scene) install(t *testing.T, rules ...netfilter.Rule) *netfilter.Table {
	t.Helper()
	var table *netfilter.Table
	in(t, s.pod, func() {
		var err error
		table, err = netfilter.Install(rules...)
		require.NoError(t, err)
	})
	t.Cleanup(func() { table.Close() })
	return table
}

// counted are the counts of the rules.
func counted(t *testing.T, table *netfilter.Table) []netfilter.Count {
	t.Helper()
	counts, err := table.Counts()
	require.NoError(t, err)
	return counts
}

// listen serves TCP in a namespace by writing the name to each that connects, and then what it sends.
func listen(t *testing.T, namespace netns.NsHandle, address, name string) {
	t.Helper()
	var l net.Listener
	in(t, namespace, func() {
		var err error
		l, err = net.Listen("tcp", address)
		require.NoError(t, err)
	})
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go echo(c, name)
		}
	}()
}

func echo(c net.Conn, name string) {
	defer c.Close()
	if _, err := c.Write([]byte(name)); err != nil {
		return
	}
	b := make([]byte, 1)
	for {
		if _, err := c.Read(b); err != nil {
			return
		}
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}

// dial connects from a namespace, and gives what is written first.
func dial(t *testing.T, namespace netns.NsHandle, address string) (c net.Conn, name string, err error) {
	t.Helper()
	return dialBy(t, namespace, address, net.Dialer{})
}

func dialBy(t *testing.T, namespace netns.NsHandle, address string, by net.Dialer) (c net.Conn, name string, err error) {
	t.Helper()
	by.Timeout = 500 * time.Millisecond
	in(t, namespace, func() { c, err = by.Dial("tcp", address) })
	if err != nil {
		return nil, "", err
	}
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetReadDeadline(time.Now().Add(5*time.Second)))
	b := make([]byte, 64)
	n, err := c.Read(b)
	return c, string(b[:n]), err
}

func at(address string, port int) string { return net.JoinHostPort(address, fmt.Sprint(port)) }
