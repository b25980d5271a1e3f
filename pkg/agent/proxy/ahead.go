package proxy

import (
	"bufio"
	"net"
	"net/netip"
	"sync"
)

// ahead is a connection of which the first bytes were looked at before it is handed on.
type ahead struct {
	net.Conn
	tcp    *net.TCPConn
	r      *bufio.Reader
	origin netip.AddrPort
}

func newAhead(conn *net.TCPConn) *ahead {
	return &ahead{Conn: conn, tcp: conn, r: bufio.NewReader(conn)}
}

// Read reads what was looked at, and then the rest.
func (a *ahead) Read(b []byte) (int, error) { return a.r.Read(b) }

// CloseWrite is asked for where a connection is no longer one of HTTP.
func (a *ahead) CloseWrite() error { return a.tcp.CloseWrite() }

// handed is a listener for connections that somebody else has accepted.
type handed struct {
	address net.Addr
	conns   chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

// hand closes the connection when nobody takes it any more.
func (h *handed) hand(conn net.Conn) {
	select {
	case h.conns <- conn:
	case <-h.closed:
		conn.Close()
	}
}

// Accept returns what is handed over.
func (h *handed) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Addr is that of the other listener.
func (h *handed) Addr() net.Addr { return h.address }

// Close ends Accept.
func (h *handed) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}
