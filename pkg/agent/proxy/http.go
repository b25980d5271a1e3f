package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// HTTP is a reverse proxy that answers some requests itself, late or not at all. It speaks HTTP/1 and HTTP/2 in clear text; TLS
// is passed on as it is.
type HTTP struct {
	// Prefix is what the path of a request begins with, for it to fit; Pattern matches some of the path, where there is one.
	Prefix  string
	Pattern *regexp.Regexp
	// Methods are those that fit; none stands for all.
	Methods []string
	// Probes says that requests of the kubelet's probes may fit too.
	Probes bool
	// Share of the requests that fit meets the fault: 0 to 1.
	Share float64

	// Delay is for how long a request is held.
	Delay time.Duration
	// Status is the answer after that; 0 has the request passed on.
	Status int
	// Abort resets the connection in place of an answer, or the stream where it is one of HTTP/2.
	Abort bool

	hit, fitting, others, probes, encrypted atomic.Int64
}

// Serve passes requests on.
func (h *HTTP) Serve(ctx context.Context, l net.Listener, origin Origin) error {
	// A request goes on in the version that it came in.
	one, two := transport(protocols(true, false)), transport(protocols(false, true))
	defer one.CloseIdleConnections()
	defer two.CloseIdleConnections()
	server := &http.Server{
		Handler: h.handler(ctx, passOn(one), passOn(two)), Protocols: protocols(true, true), DisableGeneralOptionsHandler: true, ErrorLog: silent(),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, originKey{}, conn.(*ahead).origin)
		},
	}
	sorted := &handed{address: l.Addr(), conns: make(chan net.Conn), closed: make(chan struct{})}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(sorted) }) // it says no more than that it was shut down
	var others connections
	err := others.serve(l, func(conn *net.TCPConn) { h.sort(&others, conn, origin, sorted) })
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), Grace)
	defer cancel()
	serving.Go(func() {
		if server.Shutdown(grace) != nil {
			server.Close()
		}
	})
	others.end(grace)
	serving.Wait()
	return err
}

func transport(p *http.Protocols) *http.Transport {
	return &http.Transport{Protocols: p, DisableCompression: true, MaxIdleConnsPerHost: 100, IdleConnTimeout: 30 * time.Second}
}

func protocols(one, two bool) *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(one)
	p.SetUnencryptedHTTP2(two)
	return &p
}

// silent is for what net/http has to say: the requests of others are theirs.
func silent() *log.Logger { return log.New(io.Discard, "", 0) }

// originKey is that of where a connection was going to, in the context of its requests.
type originKey struct{}

// sort hands a connection to the server of HTTP, unless it begins as one of TLS does.
func (h *HTTP) sort(all *connections, conn *net.TCPConn, origin Origin, to *handed) {
	remove := all.add(conn)
	a := newAhead(conn)
	first, err := a.r.Peek(1)
	remove()
	if err == nil {
		a.origin, err = origin(conn)
	}
	switch {
	case errors.Is(err, io.EOF): // it was a look whether the port is open
		conn.Close()
	case err != nil:
		reset(conn)
	case first[0] != handshake:
		to.hand(a)
	default:
		h.encrypted.Add(1)
		server, err := dial(&net.Dialer{}, conn, origin)
		if err != nil {
			reset(conn)
			return
		}
		all.relay(conn, server, a.r, untouched, untouched)
	}
}

// handshake is the type of the first record of TLS, by RFC 8446; no request of HTTP begins with that byte.
const handshake = 22

// handler decides what becomes of a request.
func (h *HTTP) handler(faults context.Context, one, two http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case faults.Err() != nil:
		case !h.Probes && strings.HasPrefix(r.UserAgent(), "kube-probe/"):
			h.probes.Add(1)
		case !h.fits(r):
			h.others.Add(1)
		default:
			h.fitting.Add(1)
			if hits(h.Share) {
				h.hit.Add(1)
				if h.fault(faults, w, r) {
					return
				}
			}
		}
		if r.ProtoMajor == 2 {
			two.ServeHTTP(w, r)
			return
		}
		one.ServeHTTP(w, r)
	})
}

func (h *HTTP) fits(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, h.Prefix) && (h.Pattern == nil || h.Pattern.MatchString(r.URL.Path)) &&
		(len(h.Methods) == 0 || slices.Contains(h.Methods, r.Method))
}

// fault says whether it was all that becomes of the request.
func (h *HTTP) fault(faults context.Context, w http.ResponseWriter, r *http.Request) bool {
	if h.Delay > 0 {
		late := time.NewTimer(h.Delay)
		defer late.Stop()
		select {
		case <-late.C:
		case <-faults.Done(): // over before it was due: nothing more is done to it
			return false
		case <-r.Context().Done():
			return true
		}
	}
	switch {
	case h.Abort:
		abort(w)
	case h.Status != 0:
		http.Error(w, "a fault of chaosctl", h.Status)
	default:
		return false
	}
	return true
}

// abort gives no answer.
func abort(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		reset(conn.(*ahead).tcp)
		return
	}
	panic(http.ErrAbortHandler) // the server resets the stream
}

// passOn is the proxy without a fault: what comes out is what has come in, save for what concerns a single connection.
func passOn(transport *http.Transport) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", r.In.Context().Value(originKey{}).(netip.AddrPort).String()
			r.Out.URL.RawQuery = r.In.URL.RawQuery
			for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				if values, ok := r.In.Header[name]; ok {
					r.Out.Header[name] = values
				}
			}
		},
		Transport: transport,
		ErrorLog:  silent(),
		// A server that cannot be reached gives no answer; nor does the proxy in its place.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { abort(w) },
	}
}

// Did counts the requests.
func (h *HTTP) Did() (string, error) {
	var others []string
	for _, o := range []struct {
		count int64
		what  string
	}{{h.others.Load(), "other requests"}, {h.probes.Load(), "requests of the kubelet's probes"}, {h.encrypted.Load(), "connections of TLS"}} {
		if o.count > 0 {
			others = append(others, fmt.Sprintf("%d %s", o.count, o.what))
		}
	}
	untouched := ""
	if others != nil {
		untouched = "; " + strings.Join(others, ", ") + " passed untouched"
	}
	did := fmt.Sprintf("%s: %d of %d requests that fit%s", h.effect(), h.hit.Load(), h.fitting.Load(), untouched)
	if h.hit.Load() == 0 {
		return did, ErrNothing
	}
	return did, nil
}

func (h *HTTP) effect() string {
	var effects []string
	if h.Delay > 0 {
		effects = append(effects, fmt.Sprintf("held for %s", h.Delay))
	}
	if h.Abort {
		effects = append(effects, "aborted")
	}
	if h.Status != 0 {
		effects = append(effects, fmt.Sprintf("answered with %d", h.Status))
	}
	return strings.Join(effects, " and ")
}
