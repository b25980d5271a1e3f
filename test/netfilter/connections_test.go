package netfilter

import (
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/netfilter"
)

func TestReset(t *testing.T) {
	s := newScene(t)
	for family, address := range podAddresses {
		listen(t, s.pod, at(address, 8080), "pod")
		listen(t, s.peer, at(peerAddresses[family], 80), "peer")
		t.Run("of connections that are asked for, "+address, func(t *testing.T) {
			before := s.network(t)
			there, _, err := dial(t, s.peer, at(address, 8080))
			require.NoError(t, err)
			table := s.install(t,
				netfilter.Rule{Action: netfilter.Reset, Direction: netfilter.In, Ports: []uint16{8080}, At: netfilter.Connect},
				netfilter.Rule{Action: netfilter.Reset, Direction: netfilter.Out, Ports: []uint16{80}, At: netfilter.Connect})
			_, _, err = dial(t, s.peer, at(address, 8080))
			require.ErrorIs(t, err, syscall.ECONNREFUSED)
			_, _, err = dial(t, s.pod, at(peerAddresses[family], 80))
			require.ErrorIs(t, err, syscall.ECONNREFUSED)
			require.NoError(t, answers(there), "one that was there before")
			_, _, err = dial(t, s.pod, at(address, 8080))
			require.NoError(t, err, "within the pod")
			assert.Equal(t, []netfilter.Count{{Met: 1, Done: 1}, {Met: 1, Done: 1}}, counted(t, table))
			require.NoError(t, table.Close())
			assert.Equal(t, before, s.network(t))
		})
		t.Run("of connections that are established, "+address, func(t *testing.T) {
			in, _, err := dial(t, s.peer, at(address, 8080))
			require.NoError(t, err)
			out, _, err := dial(t, s.pod, at(peerAddresses[family], 80))
			require.NoError(t, err)
			both := netfilter.Rule{Action: netfilter.Reset, At: netfilter.Established}
			table := s.install(t, with(both, netfilter.In), with(both, netfilter.Out))
			require.ErrorIs(t, answers(in), syscall.ECONNRESET)
			require.ErrorIs(t, answers(out), syscall.ECONNRESET)
			for _, c := range counted(t, table) {
				assert.Positive(t, c.Done)
			}
			require.NoError(t, table.Close())
		})
	}
}

// TestResetToward: connections that go to a port are told from those that come from one.
func TestResetToward(t *testing.T) {
	s := newScene(t)
	listen(t, s.pod, at(podAddresses[0], 8080), "pod")
	listen(t, s.peer, at(peerAddresses[0], 8080), "peer")
	here, _, err := dial(t, s.peer, at(podAddresses[0], 8080))
	require.NoError(t, err)
	there, _, err := dial(t, s.pod, at(peerAddresses[0], 8080))
	require.NoError(t, err)
	table := s.install(t, netfilter.Rule{Action: netfilter.Reset, Direction: netfilter.In, Ports: []uint16{8080}, Toward: true, At: netfilter.Established})
	require.NoError(t, answers(there))
	require.ErrorIs(t, answers(here), syscall.ECONNRESET)
	require.NoError(t, table.Close())
}

func with(r netfilter.Rule, d netfilter.Direction) netfilter.Rule {
	r.Direction = d
	return r
}

// answers sends a byte, and wants it back.
func answers(c net.Conn) error {
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	b := make([]byte, 1)
	if _, err := c.Write(b); err != nil {
		return err
	}
	_, err := c.Read(b)
	return err
}

// intercept is a local port of the pod that says where connections wanted to go.
func intercept(t *testing.T, s *scene, address string) {
	t.Helper()
	var l net.Listener
	in(t, s.pod, func() {
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
			to, err := netfilter.OriginalDestination(c.(*net.TCPConn))
			text := "to " + to.String()
			if err != nil {
				text = err.Error()
			}
			go echo(c, text)
		}
	}()
}

func TestRedirect(t *testing.T) {
	s := newScene(t)
	intercept(t, s, ":15000") // of both families
	for family, address := range podAddresses {
		listen(t, s.pod, at(address, 8080), "pod")
		listen(t, s.peer, at(peerAddresses[family], 80), "peer")
		listen(t, s.peer, at(peersOthers[family], 80), "other")
		peer := netip.MustParseAddr(peerAddresses[family])
		t.Run(address, func(t *testing.T) {
			before := s.network(t)
			there, _, err := dial(t, s.peer, at(address, 8080))
			require.NoError(t, err)
			table := s.install(t,
				netfilter.RedirectIn(netfilter.TCP, 15000, 8080),
				netfilter.RedirectOut(netfilter.TCP, 15000, []netip.Prefix{netip.PrefixFrom(peer, peer.BitLen())}, 80))
			c, name, err := dial(t, s.peer, at(address, 8080))
			require.NoError(t, err)
			assert.Equal(t, "to "+at(address, 8080), name)
			require.NoError(t, answers(c))
			_, name, err = dial(t, s.pod, at(peerAddresses[family], 80))
			require.NoError(t, err)
			assert.Equal(t, "to "+at(peerAddresses[family], 80), name)
			assert.Equal(t, []netfilter.Count{{Met: 1, Done: 1}, {Met: 1, Done: 1}}, counted(t, table))

			require.NoError(t, answers(there), "one that was there before")
			_, name, err = dial(t, s.pod, at(address, 8080))
			require.NoError(t, err)
			assert.Equal(t, "pod", name, "within the pod, as one that stands in between reaches the server")
			_, name, err = dialBy(t, s.pod, at(peerAddresses[family], 80), net.Dialer{Control: netfilter.Exempt})
			require.NoError(t, err)
			assert.Equal(t, "peer", name, "exempt")
			_, name, err = dial(t, s.pod, at(peersOthers[family], 80))
			require.NoError(t, err)
			assert.Equal(t, "other", name, "another peer")

			require.NoError(t, table.Release())
			_, name, err = dial(t, s.peer, at(address, 8080))
			require.NoError(t, err)
			assert.Equal(t, "pod", name)
			_, name, err = dial(t, s.pod, at(peerAddresses[family], 80))
			require.NoError(t, err)
			assert.Equal(t, "peer", name)
			require.NoError(t, answers(c), "one that was redirected")

			require.NoError(t, table.Close())
			assert.Equal(t, before, s.network(t))
			_, name, err = dial(t, s.peer, at(address, 8080))
			require.NoError(t, err)
			assert.Equal(t, "pod", name)
			require.NoError(t, answers(there))
		})
	}
}

// TestRedirectOfAllPorts is what a proxy needs that stands before whatever is served: it is itself at one of these ports.
func TestRedirectOfAllPorts(t *testing.T) {
	s := newScene(t)
	intercept(t, s, ":15000")
	for family, address := range podAddresses {
		listen(t, s.pod, at(address, 8080), "pod")
		listen(t, s.peer, at(peerAddresses[family], 80), "peer")
		t.Run(address, func(t *testing.T) {
			table := s.install(t, netfilter.RedirectIn(netfilter.TCP, 15000), netfilter.RedirectOut(netfilter.TCP, 15000, nil))
			_, name, err := dial(t, s.peer, at(address, 8080))
			require.NoError(t, err)
			assert.Equal(t, "to "+at(address, 8080), name)
			_, name, err = dial(t, s.peer, at(address, 15000))
			require.NoError(t, err)
			assert.Equal(t, "to "+at(address, 15000), name)
			_, name, err = dial(t, s.pod, at(peerAddresses[family], 80))
			require.NoError(t, err)
			assert.Equal(t, "to "+at(peerAddresses[family], 80), name)
			_, name, err = dialBy(t, s.pod, at(peerAddresses[family], 80), net.Dialer{Control: netfilter.Exempt})
			require.NoError(t, err)
			assert.Equal(t, "peer", name, "exempt")
			require.NoError(t, table.Close())
		})
	}
}

// TestRedirectOfDatagrams is what a name server in between needs: a query is answered from the address to which it was sent.
func TestRedirectOfDatagrams(t *testing.T) {
	s := newScene(t)
	var between net.PacketConn
	in(t, s.pod, func() {
		var err error
		between, err = net.ListenPacket("udp", "127.0.0.1:15053")
		require.NoError(t, err)
	})
	t.Cleanup(func() { between.Close() })
	go func() {
		b := make([]byte, 16)
		for {
			n, from, err := between.ReadFrom(b)
			if err != nil {
				return
			}
			between.WriteTo(b[:n], from)
		}
	}()
	table := s.install(t, netfilter.RedirectOut(netfilter.UDP, 15053, nil, 53))
	in(t, s.pod, func() {
		c, err := net.Dial("udp", at(peerAddresses[0], 53)) // takes no answer from elsewhere
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, answers(c))
	})
	assert.Equal(t, []netfilter.Count{{Met: 1, Done: 1}}, counted(t, table))
	require.NoError(t, table.Close())
}
