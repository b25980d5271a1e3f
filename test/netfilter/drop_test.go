package netfilter

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/chaosctl/chaosctl/pkg/netfilter"
)

// send sends so many datagrams from one namespace to another, and returns how many came. None is lost unless a rule loses it: they are
// sent one after another, and each is read before the next where it comes at all.
func send(t *testing.T, from, to netns.NsHandle, address string, port, many int) (came int) {
	t.Helper()
	var server net.PacketConn
	in(t, to, func() {
		var err error
		server, err = net.ListenPacket("udp", at(address, port))
		require.NoError(t, err)
	})
	defer server.Close()
	require.NoError(t, server.(*net.UDPConn).SetReadBuffer(4<<20))
	in(t, from, func() {
		c, err := net.Dial("udp", at(address, port))
		require.NoError(t, err)
		defer c.Close()
		for range many {
			_, err := c.Write([]byte("x"))
			require.NoError(t, err, "who sends is not told of a loss")
		}
	})
	b := make([]byte, 16)
	for {
		// What has been sent is there already: the cable is a queue in the kernel, which is worked off on the spot.
		require.NoError(t, server.SetReadDeadline(time.Now().Add(300*time.Millisecond)))
		if _, _, err := server.ReadFrom(b); errors.Is(err, os.ErrDeadlineExceeded) {
			return came
		}
		came++
	}
}

func TestLossIsTheShare(t *testing.T) {
	s := newScene(t)
	const many, share = 2000, 0.3
	for family := range peerAddresses {
		for name, c := range map[string]struct {
			direction netfilter.Direction
			from, to  netns.NsHandle
			address   string
		}{
			"in":  {netfilter.In, s.peer, s.pod, podAddresses[family]},
			"out": {netfilter.Out, s.pod, s.peer, peerAddresses[family]},
		} {
			t.Run(name+" "+c.address, func(t *testing.T) {
				before := s.network(t)
				require.Equal(t, many, send(t, c.from, c.to, c.address, 5000, many))
				table := s.install(t, netfilter.Rule{Action: netfilter.Drop, Direction: c.direction, Protocol: netfilter.UDP, Ports: []uint16{5000}, Share: share})
				came := send(t, c.from, c.to, c.address, 5000, many)
				counts := counted(t, table)
				t.Logf("%d of %d came; %+v", came, many, counts)
				assert.Equal(t, []netfilter.Count{{Met: many, Done: uint64(many - came)}}, counts)
				assert.InDelta(t, many*share, many-came, 125, "six standard deviations")
				assert.Equal(t, 200, send(t, c.from, c.to, c.address, 5001, 200), "another port")
				assert.Equal(t, counts, counted(t, table))
				require.NoError(t, table.Close())
				assert.Equal(t, before, s.network(t))
				assert.Equal(t, 200, send(t, c.from, c.to, c.address, 5000, 200))
			})
		}
	}
}

// TestLossIsNoNewsToTheSender: TCP finds out about what was lost on the way out as it does about what is lost further on, by waiting
// for an acknowledgement, and sends it again.
func TestLossIsNoNewsToTheSender(t *testing.T) {
	s := newScene(t)
	listen(t, s.peer, at(peerAddresses[0], 80), "peer")
	c, _, err := dial(t, s.pod, at(peerAddresses[0], 80))
	require.NoError(t, err)
	table := s.install(t, netfilter.Rule{Action: netfilter.Drop, Direction: netfilter.Out, Share: 0.25})
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	b := make([]byte, 1)
	for range 50 {
		_, err := c.Write(b)
		require.NoError(t, err)
		_, err = c.Read(b)
		require.NoError(t, err)
	}
	lost := counted(t, table)[0].Done
	raw, err := c.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	var info *unix.TCPInfo
	require.NoError(t, raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }))
	require.NoError(t, err)
	t.Logf("%d lost, %d sent again", lost, info.Total_retrans)
	assert.Positive(t, lost)
	assert.Positive(t, info.Total_retrans)
}

func TestPartition(t *testing.T) {
	s := newScene(t)
	for family, address := range peerAddresses {
		listen(t, s.peer, at(address, 80), "peer")
		listen(t, s.peer, at(peersOthers[family], 80), "other")
		listen(t, s.pod, at(podAddresses[family], 8080), "pod")
	}
	cut := []netip.Prefix{netip.MustParsePrefix("10.83.0.2/32"), netip.MustParsePrefix("fd83::2/128"), netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("255.255.255.255/32")}
	table := s.install(t,
		netfilter.Rule{Action: netfilter.Drop, Direction: netfilter.In, Peers: cut},
		netfilter.Rule{Action: netfilter.Drop, Direction: netfilter.Out, Peers: cut})
	for family, address := range peerAddresses {
		_, _, err := dial(t, s.pod, at(address, 80))
		requireTimeout(t, err)
		_, name, err := dial(t, s.pod, at(peersOthers[family], 80))
		require.NoError(t, err)
		assert.Equal(t, "other", name)
		_, _, err = dialBy(t, s.peer, at(podAddresses[family], 8080), net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}})
		requireTimeout(t, err)
		_, name, err = dialBy(t, s.peer, at(podAddresses[family], 8080), net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(peersOthers[family])}})
		require.NoError(t, err)
		assert.Equal(t, "pod", name)
		_, name, err = dial(t, s.pod, at(podAddresses[family], 8080))
		require.NoError(t, err, "within the pod")
		assert.Equal(t, "pod", name)
	}
	for _, c := range counted(t, table) {
		assert.Positive(t, c.Met)
		assert.Equal(t, c.Met, c.Done)
	}
	require.NoError(t, table.Close())
	_, name, err := dial(t, s.pod, at(peerAddresses[0], 80))
	require.NoError(t, err)
	assert.Equal(t, "peer", name)
}

// requireTimeout: nobody answers, and nobody refuses.
func requireTimeout(t *testing.T, err error) {
	t.Helper()
	var failure net.Error
	require.ErrorAs(t, err, &failure)
	require.True(t, failure.Timeout(), "%v", err)
}

func TestManyPeers(t *testing.T) {
	s := newScene(t)
	var peers []netip.Prefix
	four, six := netip.MustParseAddr("10.1.0.0"), netip.MustParseAddr("fd00::")
	for range 3000 {
		peers = append(peers, netip.PrefixFrom(four, 32), netip.PrefixFrom(six, 128))
		four, six = four.Next().Next(), six.Next() // apart, and side by side
	}
	peers = append(peers, netip.MustParsePrefix("10.83.0.2/32"))
	table := s.install(t, netfilter.Rule{Action: netfilter.Drop, Direction: netfilter.Out, Peers: peers})
	assert.Zero(t, send(t, s.pod, s.peer, peerAddresses[0], 5000, 10))
	assert.Equal(t, 10, send(t, s.pod, s.peer, peersOthers[0], 5000, 10))
	require.NoError(t, table.Close())
}
