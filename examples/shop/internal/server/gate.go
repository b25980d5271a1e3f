package server

import (
	"net"
	"sync"
	"time"
)

// Gate is a listener that can be shut and opened again on the same address,
// underneath one http.Server. While it is shut, Accept waits and the kernel
// refuses connections: from outside, the process is gone.
type Gate struct {
	now  func() time.Time
	addr string

	mu      sync.Mutex
	changed *sync.Cond
	ln      *net.TCPListener // nil while shut
	closed  bool
	conns   map[*trackedConn]struct{}
}

// Listen opens a gate. The clock gives the times that Shut and Open return.
func Listen(addr string, now func() time.Time) (*Gate, error) {
	g := &Gate{now: now, addr: addr, conns: map[*trackedConn]struct{}{}}
	g.changed = sync.NewCond(&g.mu)
	if _, err := g.Open(); err != nil {
		return nil, err
	}
	g.addr = g.ln.Addr().String() // an ephemeral port must be the same next time
	return g, nil
}

// Open listens again and returns the instant just after the kernel began to
// accept connections. Opening an open gate changes nothing; opening one that
// was closed for good returns net.ErrClosed. Any other error, such as an
// address in use, may go away by itself.
func (g *Gate) Open() (time.Time, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return g.now(), net.ErrClosed
	}
	if g.ln != nil {
		return g.now(), nil
	}
	ln, err := net.Listen("tcp", g.addr)
	if err != nil {
		return g.now(), err
	}
	at := g.now()
	g.ln = ln.(*net.TCPListener)
	g.changed.Broadcast()
	return at, nil
}

// Shut closes the listener, then resets every open connection, and returns
// the instant at which the last of that was done. From then on no request can
// succeed.
func (g *Gate) Shut() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ln != nil {
		_ = g.ln.Close() // the descriptor is released whatever it returns
		g.ln = nil
	}
	for conn := range g.conns {
		reset(conn.TCPConn)
	}
	clear(g.conns)
	return g.now()
}

// Close closes the listener for good and leaves open connections alone.
func (g *Gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.changed.Broadcast()
	if g.ln == nil {
		return nil
	}
	ln := g.ln
	g.ln = nil
	return ln.Close()
}

// Addr is the address listened on, with the real port.
func (g *Gate) Addr() net.Addr {
	addr, _ := net.ResolveTCPAddr("tcp", g.addr) // made from a TCPAddr, so it parses
	return addr
}

// Accept waits for a connection, through any number of outages.
func (g *Gate) Accept() (net.Conn, error) {
	for {
		ln, err := g.listener()
		if err != nil {
			return nil, err
		}
		raw, err := ln.AcceptTCP()
		if err != nil {
			if g.uses(ln) {
				return nil, err
			}
			continue // shut meanwhile: wait for the next listener
		}
		if conn, ok := g.admit(ln, raw); ok {
			return conn, nil
		}
	}
}

// listener returns the present listener and waits for one while shut.
func (g *Gate) listener() (*net.TCPListener, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.ln == nil && !g.closed {
		g.changed.Wait()
	}
	if g.closed {
		return nil, net.ErrClosed
	}
	return g.ln, nil
}

func (g *Gate) uses(ln *net.TCPListener) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ln == ln
}

// admit registers a connection, unless its listener was shut between the
// kernel's accept and now: then the connection belongs to the outage.
func (g *Gate) admit(ln *net.TCPListener, raw *net.TCPConn) (net.Conn, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ln != ln && !g.closed {
		reset(raw)
		return nil, false
	}
	conn := &trackedConn{TCPConn: raw, gate: g}
	g.conns[conn] = struct{}{}
	return conn, true
}

// trackedConn is a connection that its gate can reset.
type trackedConn struct {
	*net.TCPConn
	gate *Gate
}

func (c *trackedConn) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.conns, c)
	c.gate.mu.Unlock()
	return c.TCPConn.Close()
}

// reset closes a connection so that the peer sees an error rather than an
// orderly end.
func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0) // fails only on a connection that is gone already
	_ = conn.Close()
}
