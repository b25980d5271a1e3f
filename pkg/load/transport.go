package load

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync"
	"time"
)

// seqHeader is where vegeta numbers its requests. It is read here and does not leave this process.
const seqHeader = "X-Vegeta-Seq"

// maxBody bounds what is read of one answer, in bytes. A longer answer counts as whole when so much of it was read.
const maxBody = 16 << 20

// outcome is what the transport learnt of one request, which a vegeta.Result has no room for: its Error is a text, and
// it drops the status of an answer whose body breaks off.
type outcome struct {
	status int
	pod    string
	err    error
	// again says that the error is that of a second attempt, after a kept connection was cut under the first.
	again bool
	// cancelled says that the request ended after the run was stopped, so that its failure says nothing.
	cancelled bool
}

// transport gives every request its deadline and the context of the run, and keeps its outcome until it is taken. It is
// safe for use by several goroutines.
type transport struct {
	run       context.Context
	base      *http.Transport
	timeout   time.Duration
	podHeader string

	mu       sync.Mutex
	outcomes map[uint64]outcome
}

// newTransport makes the connections of one stream: direct, without a proxy, HTTP/1.1, and certificates are verified.
func newTransport(run context.Context, s Stream) *transport {
	dialer := net.Dialer{Timeout: s.timeout(), KeepAlive: 15 * time.Second}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &transport{
		run:       run,
		timeout:   s.timeout(),
		podHeader: s.PodHeader,
		outcomes:  map[uint64]outcome{},
		base: &http.Transport{
			DisableKeepAlives:   s.Fresh,
			DisableCompression:  true,
			Protocols:           protocols,
			TLSHandshakeTimeout: s.timeout(),
			MaxIdleConnsPerHost: s.maxInFlight(),
			IdleConnTimeout:     90 * time.Second,
			// net/http lets a dial outlive the request that asked for it, so that the next one may use the connection.
			// It must not outlive the run.
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				defer context.AfterFunc(run, cancel)()
				return dialer.DialContext(ctx, network, address)
			},
		},
	}
}

// RoundTrip sends a request of vegeta's. The deadline holds until the body was read.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	seq, err := strconv.ParseUint(request.Header.Get(seqHeader), 10, 64)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(t.run, t.timeout)
	attempts := 0
	request = request.Clone(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: func(string) { attempts++ }}))
	request.Header.Del(seqHeader)

	response, err := t.base.RoundTrip(request)
	if err != nil {
		cancel()
		t.put(seq, outcome{err: err, again: attempts > 1})
		return nil, err
	}
	o := outcome{status: response.StatusCode}
	if t.podHeader != "" {
		o.pod = response.Header.Get(t.podHeader)
	}
	t.put(seq, o)
	response.Body = &body{ReadCloser: response.Body, left: maxBody, close: cancel, fail: func(err error) {
		o.err = err
		t.put(seq, o)
	}}
	return response, nil
}

func (t *transport) put(seq uint64, o outcome) {
	o.cancelled = o.err != nil && t.run.Err() != nil
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outcomes[seq] = o
}

// take gives the outcome of a request that has ended, and forgets it.
func (t *transport) take(seq uint64) (outcome, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o, known := t.outcomes[seq]
	delete(t.outcomes, seq)
	return o, known
}

// body is the body of an answer, up to a bound. It reports the error that breaks it off.
type body struct {
	io.ReadCloser
	left  int64
	close func()
	fail  func(error)
}

func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, io.EOF
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		b.fail(err)
	}
	return n, err
}

func (b *body) Close() error {
	defer b.close()
	return b.ReadCloser.Close()
}
