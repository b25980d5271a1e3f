package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// TCP is what is done with a connection once it is there.
type TCP struct {
	// Send is sent, and Expect is what must then be among the first 64 KiB that the server sends. Where Expect is empty, nothing
	// is read: the connection is what was asked for.
	Send, Expect []byte
}

// maxHeard bounds what is read of a server while the answer is looked for in it, in bytes.
const maxHeard = 64 << 10

// dialer makes a connection for each request. It is safe for use by several goroutines.
type dialer struct {
	*outcomes
	tcp     TCP
	timeout time.Duration
}

func newDialer(run context.Context, s Stream) *dialer {
	return &dialer{outcomes: newOutcomes(run), tcp: *s.TCP, timeout: s.timeout()}
}

// mixed is never so: there is one connection for each.
func (d *dialer) mixed() bool { return false }

// close has nothing to close: no connection outlives its request.
func (d *dialer) close() {}

// RoundTrip makes one connection to the host of the request's URL. The answer is none: what is known is in the outcome.
func (d *dialer) RoundTrip(request *http.Request) (*http.Response, error) {
	seq, err := takeSeq(request)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(d.run, d.timeout)
	defer cancel()
	o := d.connect(ctx, request.URL.Host)
	o.end = time.Now()
	d.put(seq, o)
	if o.err != nil {
		return nil, o.err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: request}, nil
}

// connect makes a connection, says and hears what is to be, and closes it.
func (d *dialer) connect(ctx context.Context, address string) outcome {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return outcome{err: err, peer: Peer{Address: triedBy(err)}}
	}
	defer conn.Close()
	peer := Peer{Address: hostOf(conn.RemoteAddr().String())}
	// What waits for the server ends with the request.
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()
	heard, err := d.talk(conn)
	switch {
	case err != nil:
		return outcome{err: err, peer: peer}
	case !heard:
		return outcome{connected: true, peer: peer, unmet: fmt.Sprintf("the first 64 KiB of the answer do not contain %s", strconv.Quote(string(d.tcp.Expect)))}
	}
	return outcome{connected: true}
}

// talk says whether what is expected was heard. That the server ends the connection before is [io.ErrUnexpectedEOF].
func (d *dialer) talk(conn net.Conn) (heard bool, err error) {
	if len(d.tcp.Send) > 0 {
		if _, err := conn.Write(d.tcp.Send); err != nil {
			return false, err
		}
	}
	if len(d.tcp.Expect) == 0 {
		return true, nil
	}
	var all bytes.Buffer
	part := make([]byte, 4<<10)
	for all.Len() < maxHeard {
		n, err := conn.Read(part[:min(len(part), maxHeard-all.Len())])
		all.Write(part[:n])
		switch {
		case bytes.Contains(all.Bytes(), d.tcp.Expect):
			return true, nil
		case errors.Is(err, io.EOF):
			return false, io.ErrUnexpectedEOF
		case err != nil:
			return false, err
		}
	}
	return false, nil
}

// triedBy is the address to which no connection could be made, without its port; empty where none is known.
func triedBy(err error) string {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Addr == nil {
		return ""
	}
	return hostOf(op.Addr.String())
}
