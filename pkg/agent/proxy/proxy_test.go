package proxy_test

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/agent/proxy"
)

// standing is a proxy in front of a server.
type standing struct {
	address string
	// over ends the fault, and leave what is left of the proxy.
	over  context.CancelFunc
	leave func()
}

// inFront puts a proxy before what listens at an address; it stays until the test ends, or leave is called.
func inFront(t *testing.T, s proxy.Server, of string) standing {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	to := netip.MustParseAddrPort(of)
	ended := make(chan error, 1)
	go func() {
		ended <- s.Serve(ctx, l, func(net.Conn) (netip.AddrPort, error) { return to, nil })
	}()
	left := false
	leave := func() {
		if left {
			return
		}
		left = true
		cancel()
		l.Close()
		select {
		case err := <-ended:
			assert.NoError(t, err)
		case <-time.After(10 * proxy.Grace):
			t.Error("the proxy goes on after its listener was closed")
		}
	}
	t.Cleanup(leave)
	return standing{address: l.Addr().String(), over: cancel, leave: leave}
}

// nobody is an address at which nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	return l.Addr().String()
}
