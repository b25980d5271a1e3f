package load

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"k8s.io/client-go/util/connrotation"

	"github.com/chaosctl/chaosctl/pkg/trust"
)

// maxBody bounds what is read of one answer, in bytes. A longer answer counts as whole when so much of it was read.
const maxBody = 16 << 20

// outcome is what the transport learnt of one request, which a vegeta.Result has no room for: its Error is a text, and
// it drops the status of an answer whose body breaks off.
type outcome struct {
	status int
	pod    string
	err    error
	// byStatus is the cause that the status alone gives, and unmet what the answer lacks beyond it.
	byStatus Cause
	unmet    string
	// said is the status in words, where it is not one of HTTP.
	said string
	// connected says that there is a connection, where that is all that is asked for.
	connected bool
	// end is when the whole answer was there, of which what is made of it then takes nothing away; zero where nothing is.
	end time.Time
	// again says that the error is that of a second attempt, after a kept connection was cut under the first.
	again bool
	// peer is set where the request failed without an answer that names its pod.
	peer Peer
	// cancelled says that the request ended after the run was stopped, so that its failure says nothing.
	cancelled bool
}

// transport asks by HTTP. It gives every request its deadline and the context of the run. It is safe for use by several goroutines.
type transport struct {
	*outcomes
	base      *http.Transport
	timeout   time.Duration
	podHeader string
	expected  *Expected
	// grpc is nil where requests are not calls.
	grpc *GRPC
	// authorization is added here, the last thing before a request leaves.
	authorization Authorization
	// shared says that answers on one connection came from several pods.
	shared atomic.Bool
	// calls are the connections of calls, which, unlike others, outlive those that are cut; nil where requests are not calls.
	calls *connrotation.ConnectionTracker
}

// newTransport makes the connections of one stream: direct, without a proxy, by HTTP/1.1 (calls of gRPC by HTTP/2), and certificates
// are verified.
func newTransport(run context.Context, s Stream) *transport {
	dialer := net.Dialer{Timeout: s.timeout(), KeepAlive: 15 * time.Second}
	protocols := new(http.Protocols)
	var calls *connrotation.ConnectionTracker
	if s.GRPC != nil {
		calls = connrotation.NewConnectionTracker()
		protocols.SetHTTP2(true)
		protocols.SetUnencryptedHTTP2(true)
	} else {
		protocols.SetHTTP1(true)
	}
	return &transport{
		outcomes:  newOutcomes(run),
		timeout:   s.timeout(),
		podHeader: s.PodHeader,
		expected:  s.Expected,
		grpc:      s.GRPC,
		calls:     calls,

		authorization: s.Authorization,
		base: &http.Transport{
			DisableKeepAlives:   s.Fresh,
			DisableCompression:  true,
			Protocols:           protocols,
			TLSClientConfig:     tlsConfig(s),
			TLSHandshakeTimeout: s.timeout(),
			MaxIdleConnsPerHost: s.maxInFlight(),
			IdleConnTimeout:     90 * time.Second,
			// net/http lets a dial outlive the request that asked for it, so that the next one may use the connection.
			// It must not outlive the run.
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				defer context.AfterFunc(run, cancel)()
				conn, err := dialer.DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				if calls != nil {
					conn = calls.Track(conn)
				}
				return &connection{Conn: conn}, nil
			},
		},
	}
}

// tlsConfig verifies the certificate as the stream says, and of the host that it asks for; nil where it says nothing.
func tlsConfig(s Stream) *tls.Config {
	u, err := url.Parse(s.URL)
	if s.TLS == nil && s.Host == "" && s.Certificate.reveal == nil || err != nil {
		return nil
	}
	config := cmp.Or(s.TLS, &trust.Trust{}).Config(cmp.Or(s.Host, u.Hostname()))
	s.Certificate.show(config)
	return config
}

// RoundTrip sends a request of vegeta's. The deadline holds until the body was read.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	seq, err := takeSeq(request)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(t.run, t.timeout)
	way := new(journey)
	request = request.Clone(httptrace.WithClientTrace(ctx, way.trace()))
	request.Header.Del(seqHeader)
	if t.grpc != nil {
		// Request.Clone has made a copy of the URL.
		request.URL.Scheme = map[string]string{"grpc": "http", "grpcs": "https"}[request.URL.Scheme]
	}
	if t.authorization.reveal != nil {
		request.Header.Set("Authorization", t.authorization.reveal().header)
	}

	response, err := t.base.RoundTrip(request)
	if err != nil {
		cancel()
		o := outcome{err: err, again: way.again()}
		o.peer = t.peer(way, o)
		t.put(seq, o)
		return nil, err
	}
	o := outcome{status: response.StatusCode, byStatus: t.expected.causeOfStatus(response.StatusCode)}
	if t.podHeader != "" {
		o.pod = t.authorization.hush(response.Header.Get(t.podHeader))
	}
	if way.answered(o.pod) {
		t.shared.Store(true)
	}
	// What is known of the other end is of use where it is not the pod that has answered with success.
	failed := func() {
		if o.pod == "" {
			o.peer = t.peer(way, o)
		}
	}
	if o.byStatus != None {
		failed()
	}
	t.put(seq, o)
	read := &body{ReadCloser: response.Body, left: maxBody, close: cancel, fail: func(err error) {
		o.err = err
		failed()
		t.put(seq, o)
	}}
	if t.grpc != nil && o.status == http.StatusOK {
		read.keep = true
		read.whole = func(kept []byte, _ bool) {
			o.end = time.Now()
			if !t.grpc.judge(&o, response, kept) {
				failed()
			}
			t.put(seq, o)
		}
	} else if t.expected != nil && o.byStatus == None {
		read.keep = t.expected.looksAtBody()
		read.whole = func(kept []byte, more bool) {
			o.end = time.Now()
			// Neither the deadline of the request nor the end of the run make an answer unexpected.
			if o.unmet = t.expected.unmet(context.WithoutCancel(ctx), answer{o.status, response.Header, kept, more}); o.unmet != "" {
				failed()
			}
			t.put(seq, o)
		}
	}
	response.Body = read
	return response, nil
}

// peer is the other end of a request without a named answer. One that met the death of its server, see [outcome.cause], tells of
// the connection on which it did.
func (t *transport) peer(way *journey, o outcome) Peer {
	p := way.peer(o.again && causeOf(o.err) == Refused)
	if t.shared.Load() {
		p.Pod = ""
	}
	return p
}

func (t *transport) mixed() bool { return t.shared.Load() }

func (t *transport) close() {
	t.base.CloseIdleConnections()
	if t.calls != nil {
		t.calls.CloseAll()
	}
}

// body is the body of an answer, up to a bound. It reports the error that breaks it off.
type body struct {
	io.ReadCloser
	left  int64
	close func()
	fail  func(error)
	// whole is told once when all was read, with the beginning of it where keep says so; it may be nil.
	whole func(kept []byte, more bool)
	keep  bool
	kept  bytes.Buffer
	more  bool
}

func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.end()
		return 0, io.EOF
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	b.note(p[:n])
	switch {
	case err == io.EOF:
		b.end()
	case err != nil:
		b.fail(err)
	}
	return n, err
}

// note keeps a part of the body as long as there is room.
func (b *body) note(part []byte) {
	if !b.keep {
		return
	}
	room := min(len(part), maxChecked-b.kept.Len())
	b.kept.Write(part[:room])
	b.more = b.more || room < len(part)
}

func (b *body) end() {
	if b.whole != nil {
		b.whole(b.kept.Bytes(), b.more)
		b.whole = nil
	}
}

func (b *body) Close() error {
	defer b.close()
	return b.ReadCloser.Close()
}
