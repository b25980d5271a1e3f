package load

import (
	"net"
	"net/http/httptrace"
	"sync"
)

// Peer is what is known of the other end of the connection of a request that failed.
type Peer struct {
	// Address is that to which the connection was made, or could not be: an IP address without its port. Where a Service, or
	// whatever else chooses a server, stands between, it is that one's.
	Address string
	// Pod is the pod that all answers on the same connection named before; empty where there were none.
	Pod string
}

// connection remembers which pod answers on it.
type connection struct {
	net.Conn
	mu  sync.Mutex
	pod string
}

// answered notes who did. It says whether another pod had answered before: then something in between chooses one for each
// request, and the connection tells nothing of who gets the next.
func (c *connection) answered(pod string) (shared bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	shared = c.pod != "" && c.pod != pod
	c.pod = pod
	return shared
}

func (c *connection) peer() Peer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Peer{Address: hostOf(c.RemoteAddr().String()), Pod: c.pod}
}

// journey follows one request to its connections. A dial that is not needed any more may go on after the request: it is safe for
// use by several goroutines.
type journey struct {
	mu       sync.Mutex
	attempts int
	// tried is the last address that was dialled, for want of a connection.
	tried string
	// over are the connections of the first attempt and of the last.
	first, last *connection
}

func (j *journey) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) {
			j.mu.Lock()
			defer j.mu.Unlock()
			j.attempts++
			j.last = nil
		},
		ConnectStart: func(_, address string) {
			j.mu.Lock()
			defer j.mu.Unlock()
			j.tried = hostOf(address)
		},
		GotConn: func(got httptrace.GotConnInfo) {
			conn := got.Conn
			if secure, ok := conn.(interface{ NetConn() net.Conn }); ok {
				conn = secure.NetConn()
			}
			j.mu.Lock()
			defer j.mu.Unlock()
			j.last, _ = conn.(*connection)
			if j.first == nil {
				j.first = j.last
			}
		},
	}
}

// again says that there was more than one attempt.
func (j *journey) again() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.attempts > 1
}

// answered notes who did, as [connection.answered] does.
func (j *journey) answered(pod string) (shared bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return pod != "" && j.last != nil && j.last.answered(pod)
}

// peer is the other end: of the last attempt, or of the first where that is the one that tells why the request failed.
func (j *journey) peer(first bool) Peer {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case first && j.first != nil:
		return j.first.peer()
	case j.last != nil:
		return j.last.peer()
	default:
		return Peer{Address: j.tried}
	}
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return host
}
