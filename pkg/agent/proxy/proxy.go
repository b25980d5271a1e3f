// Package proxy is what an agent puts between a pod and those it talks with: connections that are redirected to it are passed
// on to where they were going to, and some of them, or of the requests in them, meet a fault.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Origin tells where a redirected connection was going to.
type Origin func(net.Conn) (netip.AddrPort, error)

// Server passes connections on.
type Server interface {
	// Serve takes connections from the listener until that is closed, gives those that there are then [Grace] to end, closes
	// what is left, and returns. What it does to them, it does as long as ctx lasts; after that it passes on without a fault.
	Serve(ctx context.Context, l net.Listener, origin Origin) error
	// Did says what has met a fault; the error is [ErrNothing] where nothing has.
	Did() (string, error)
}

// Grace is how long connections may go on when there are to be no more.
const Grace = 2 * time.Second

// ErrNothing says that there was nothing that could have met the fault, so that nobody knows what it would have done.
var ErrNothing = errors.New("nothing has met the fault")

// hits draws with the probability of share, from 0 to 1.
func hits(share float64) bool {
	return rand.Float64() < share //nolint:gosec // nobody is to be kept from guessing
}

// connections are those that a server has open. The zero value has none; it may be used by several goroutines at once.
type connections struct {
	mu     sync.Mutex
	open   map[io.Closer]struct{}
	closed bool
	served sync.WaitGroup
}

// serve takes connections, each in a goroutine of its own, until the listener is closed.
func (c *connections) serve(l net.Listener, handle func(*net.TCPConn)) error {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		tcp, ok := conn.(*net.TCPConn)
		if !ok {
			conn.Close()
			return fmt.Errorf("a connection of %s is none of TCP", conn.RemoteAddr())
		}
		c.served.Go(func() { handle(tcp) })
	}
}

// add has a connection closed when all are; it is closed at once where that has been.
func (c *connections) add(conn io.Closer) (remove func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		conn.Close()
		return func() {}
	}
	if c.open == nil {
		c.open = map[io.Closer]struct{}{}
	}
	c.open[conn] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.open, conn)
	}
}

// end waits for all to be served until grace ends, and closes what is left.
func (c *connections) end(grace context.Context) {
	served := make(chan struct{})
	go func() {
		c.served.Wait()
		close(served)
	}()
	select {
	case <-served:
	case <-grace.Done():
		c.closeAll()
		<-served
	}
}

func (c *connections) closeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for conn := range c.open {
		conn.Close()
	}
}

// reset closes a connection as one that has failed: the peer is told so.
func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	conn.Close()
}
