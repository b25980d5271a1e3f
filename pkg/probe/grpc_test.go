package probe_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/chaosctl/chaosctl/pkg/probe"
)

// healthServer is a gRPC server on loopback; implementation is nil for one without the health protocol.
func healthServer(t *testing.T, implementation grpc_health_v1.HealthServer, options ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(options...)
	if implementation != nil {
		grpc_health_v1.RegisterHealthServer(server, implementation)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// answering is the health protocol with an answer of one's own.
type answering struct {
	grpc_health_v1.UnimplementedHealthServer
	answer func(ctx context.Context) (*grpc_health_v1.HealthCheckResponse, error)
}

func (a answering) Check(ctx context.Context, _ *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	return a.answer(ctx)
}

// refusing answers with an error.
func refusing(code codes.Code, message string) grpc_health_v1.HealthServer {
	return answering{answer: func(context.Context) (*grpc_health_v1.HealthCheckResponse, error) {
		return nil, status.Error(code, message)
	}}
}

func TestGRPC(t *testing.T) {
	root := authority(t, "shop's authority", nil, 1000*day)
	by := func(certificate tls.Certificate) grpc.ServerOption {
		return grpc.Creds(credentials.NewServerTLSFromCert(&certificate))
	}
	services := health.NewServer()
	services.SetServingStatus("shop.v1.Orders", grpc_health_v1.HealthCheckResponse_SERVING)
	services.SetServingStatus("shop.v1.Stock", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	plain := healthServer(t, services)
	secured := healthServer(t, services, by(root.issue(t, -day, 30*day)))
	mute := healthServer(t, answering{answer: func(ctx context.Context) (*grpc_health_v1.HealthCheckResponse, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	trust := &probe.Trust{CA: root.pem()}
	const late, enough = 300 * time.Millisecond, 20 * time.Second
	for name, c := range map[string]struct {
		probe   probe.GRPC
		timeout time.Duration
		want    outcome
	}{
		"serving":                {probe.GRPC{Address: plain}, enough, holds()},
		"a service":              {probe.GRPC{Address: plain, Service: "shop.v1.Orders"}, enough, holds()},
		"not serving":            {probe.GRPC{Address: plain, Service: "shop.v1.Stock"}, enough, fails(`service "shop.v1.Stock" is NOT_SERVING`)},
		"no such service":        {probe.GRPC{Address: plain, Service: "shop.v1.Stick"}, enough, fails(`the server does not know service "shop.v1.Stick"`)},
		"no health protocol":     {probe.GRPC{Address: healthServer(t, nil)}, enough, isUnknown("the server does not implement grpc.health.v1")},
		"will not tell":          {probe.GRPC{Address: healthServer(t, refusing(codes.Unauthenticated, "who are you?"))}, enough, isUnknown("the server does not tell (Unauthenticated): who are you?")},
		"an error":               {probe.GRPC{Address: healthServer(t, refusing(codes.Internal, "database is away"))}, enough, fails("database is away")},
		"overloaded":             {probe.GRPC{Address: healthServer(t, refusing(codes.ResourceExhausted, "too many requests"))}, enough, fails("too many requests")},
		"by TLS":                 {probe.GRPC{Address: secured, TLS: trust}, enough, holds()},
		"by TLS, another name":   {probe.GRPC{Address: secured, TLS: &probe.Trust{CA: root.pem(), ServerName: "shop.example"}}, enough, holds()},
		"by TLS, a wrong name":   {probe.GRPC{Address: secured, TLS: &probe.Trust{CA: root.pem(), ServerName: "blog.example"}}, enough, fails(`the certificate is for "shop.example, 127.0.0.1"`)},
		"an unknown certificate": {probe.GRPC{Address: secured, TLS: &probe.Trust{}}, enough, fails("no secure connection: the certificate of \"CN=server\" comes from an authority that is not known")},
		"an expired certificate": {probe.GRPC{Address: healthServer(t, services, by(root.issue(t, -9*day, -day))), TLS: trust}, enough, fails(`the certificate of "CN=server" expired on`)},
		"TLS asked for":          {probe.GRPC{Address: secured}, enough, fails("error reading server preface")},
		"TLS not offered":        {probe.GRPC{Address: plain, TLS: trust}, enough, fails("no secure connection: the server does not speak TLS")},
		"another protocol":       {probe.GRPC{Address: strings.TrimPrefix(web.URL, "http://")}, enough, fails("error reading server preface")},
		"refuses":                {probe.GRPC{Address: nobody(t)}, enough, fails("connection refused")},
		"cannot be resolved":     {probe.GRPC{Address: "nobody.invalid:80"}, 3 * time.Second, fails("nobody.invalid")},
		"does not accept":        {probe.GRPC{Address: deaf(t)}, late, fails("no answer in time")},
		"hangs":                  {probe.GRPC{Address: serve(t, silent)}, late, fails("no answer in time")},
		"hangs in the handshake": {probe.GRPC{Address: serve(t, silent), TLS: trust}, late, fails("no answer in time")},
		"hangs in the call":      {probe.GRPC{Address: mute}, late, fails("no answer in time")},
		"floods":                 {probe.GRPC{Address: serve(t, flood)}, enough, fails("error reading server preface")},
		"a gigabyte of answer":   {probe.GRPC{Address: serve(t, endless)}, enough, fails("received message larger than max")},
	} {
		t.Run(name, func(t *testing.T) { measured(t, &c.probe, c.timeout, c.want) })
	}
}

// endless speaks HTTP/2, and answers with a message of a gigabyte.
func endless(conn net.Conn) {
	(&http2.Server{}).ServeConn(conn, &http2.ServeConnOpts{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		_, _ = w.Write([]byte{0, 0x40, 0, 0, 0})
		_, _ = io.CopyN(w, zeros{}, 1<<30)
	})})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
