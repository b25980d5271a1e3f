package probe

import (
	"context"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "grpc",
	Summary: "A gRPC server says by the health protocol that a service of it is serving.",
	Example: `
- name: orders
  grpc: {address: "orders.shop.example:9090", service: shop.v1.Orders}
- name: orders-by-tls
  grpc: {address: "orders.shop.example:443", tls: {}}
`,
	New: func() Probe { return &GRPC{} },
})

// GRPC asks grpc.health.v1.Health/Check on a connection of its own. No answer is a failure, and so is a service that the
// server does not know; a server that does not implement the protocol, or will not tell, is unknown.
type GRPC struct {
	// Address is host:port, as it can be reached from where chaosctl runs.
	Address string `json:"address" form:"address"`
	// Service is the name of the service; the server as a whole unless told otherwise.
	Service string `json:"service,omitempty"`
	// TLS, be it empty as in {}, has the connection secured. Without it, it is not.
	TLS *Trust `json:"tls,omitempty"`
}

// Check refuses what is no address, and what cannot be verified by.
func (p *GRPC) Check(c *experiment.Check) {
	checkAddress(c, "address", p.Address)
	if p.TLS != nil {
		checkTrust(c, "tls.", *p.TLS)
	}
}

// Needs is nothing: the address is not the API server's.
func (p *GRPC) Needs(access.Scope) []access.Need { return nil }

// maxFrames bounds what a server may send before it is read, and its headers, in bytes; an answer is some bytes long.
const maxFrames, maxAnswer = 64 << 10, 1 << 10

// Measure asks once.
func (p *GRPC) Measure(ctx context.Context, _ World) error {
	seen := &witness{TransportCredentials: insecure.NewCredentials()}
	if p.TLS != nil {
		host, _, err := net.SplitHostPort(p.Address)
		if err != nil {
			return unknown("%w", err)
		}
		seen.TransportCredentials = credentials.NewTLS(p.TLS.Config(host))
	}
	client, err := grpc.NewClient("passthrough:///"+p.Address,
		grpc.WithTransportCredentials(seen), grpc.WithContextDialer(seen.dial), grpc.WithNoProxy(), grpc.WithDisableRetry(), grpc.WithDisableServiceConfig(),
		grpc.WithInitialWindowSize(maxFrames), grpc.WithInitialConnWindowSize(maxFrames), grpc.WithMaxHeaderListSize(maxFrames),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)), grpc.WithUserAgent("chaosctl"))
	if err != nil {
		return unknown("%w", err)
	}
	defer client.Close()
	answer, err := grpc_health_v1.NewHealthClient(client).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: p.Service})
	if err != nil {
		return p.refused(err, seen.reason())
	}
	if answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("%s is %s", p.subject(), answer.GetStatus())
	}
	return nil
}

// refused is why there is no answer; connection is why there is no connection, where there is none.
func (p *GRPC) refused(err, connection error) error {
	told := status.Convert(err)
	switch told.Code() {
	case codes.NotFound:
		return fmt.Errorf("the server does not know %s", p.subject())
	case codes.Unimplemented:
		return unknown("the server does not implement grpc.health.v1: %s", told.Message())
	case codes.Unauthenticated, codes.PermissionDenied:
		return unknown("the server does not tell (%s): %s", told.Code(), told.Message())
	}
	switch {
	case connection != nil:
		return connection
	case isLate(err) || told.Code() == codes.DeadlineExceeded:
		return fmt.Errorf("no answer in time: %w", err)
	}
	return err
}

func (p *GRPC) subject() string {
	if p.Service == "" {
		return "the server"
	}
	return "service " + excerpt(p.Service)
}

// witness remembers why a connection did not come about, of which gRPC keeps the text only.
type witness struct {
	credentials.TransportCredentials
	mu  sync.Mutex
	err error
}

func (w *witness) dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		w.note(unreached(err))
	}
	return conn, err
}

// ClientHandshake is the one of the credentials.
func (w *witness) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	secured, info, err := w.TransportCredentials.ClientHandshake(ctx, authority, conn)
	if err != nil {
		w.note(fmt.Errorf("no secure connection: %w", reason(err)))
	}
	return secured, info, err
}

// Clone keeps the witness; its credentials are not changed.
func (w *witness) Clone() credentials.TransportCredentials { return w }

func (w *witness) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
}

func (w *witness) reason() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}
