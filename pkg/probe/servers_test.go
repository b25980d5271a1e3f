package probe_test

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/probe"
)

// serve listens on loopback, and answers each connection by a function. The connection is closed after it.
func serve(t *testing.T, answer func(conn net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				answer(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// silent takes all and says nothing, until the client has gone.
func silent(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// flood sends what never ends.
func flood(conn net.Conn) {
	for block := make([]byte, 64<<10); ; {
		if _, err := conn.Write(block); err != nil {
			return
		}
	}
}

// nobody is an address at which nothing listens, and that nobody else gets meanwhile.
func nobody(t *testing.T) string {
	t.Helper()
	_, address := bound(t)
	return address
}

// bound is a TCP socket that has an address, and does not listen yet.
func bound(t *testing.T) (fd int, address string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	name, err := syscall.Getsockname(fd)
	require.NoError(t, err)
	return fd, net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*syscall.SockaddrInet4).Port))
}

// twofold listens on one port by UDP and by TCP. A port that is free for the one may be taken for the other.
func twofold(t *testing.T) (packets net.PacketConn, connections net.Listener) {
	t.Helper()
	var err error
	for range 50 {
		packets, err = net.ListenPacket("udp", "127.0.0.1:0")
		require.NoError(t, err)
		if connections, err = net.Listen("tcp", packets.LocalAddr().String()); err == nil {
			t.Cleanup(func() {
				_ = packets.Close()
				_ = connections.Close()
			})
			return packets, connections
		}
		_ = packets.Close()
	}
	require.NoError(t, err)
	return nil, nil
}

// deaf is an address that neither accepts nor refuses: its queue is full, and what knocks is not answered.
func deaf(t *testing.T) string {
	t.Helper()
	fd, address := bound(t)
	require.NoError(t, syscall.Listen(fd, 0))
	for range 16 {
		conn, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Fatal("the queue does not fill up")
	return ""
}

// outcome is what a check must come to: it holds, or there is a reason, of which a part is told here.
type outcome struct {
	holds   bool
	reason  string
	unknown bool
}

func holds() outcome                  { return outcome{holds: true} }
func fails(reason string) outcome     { return outcome{reason: reason} }
func isUnknown(reason string) outcome { return outcome{reason: reason, unknown: true} }

// measured checks once, and holds the outcome, the time and the memory to what they may be.
func measured(t *testing.T, p probe.Probe, timeout time.Duration, want outcome) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	err := p.Measure(ctx, nil)
	assert.Less(t, time.Since(start), timeout+5*time.Second, "it ends with its time")
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20), "it does not grow with what it is sent")
	if want.holds {
		assert.NoError(t, err)
		return
	}
	require.ErrorContains(t, err, want.reason)
	assert.Equal(t, want.unknown, errors.Is(err, probe.ErrUnknown), "%v", err)
}

// within is a context that ends by itself, or with the test.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
