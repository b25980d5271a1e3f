package load_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/trust"
)

// healthy answers health checks as a function says.
type healthy struct {
	grpc_health_v1.UnimplementedHealthServer
	check func(context.Context, *grpc_health_v1.HealthCheckRequest) (grpc_health_v1.HealthCheckResponse_ServingStatus, error)
}

func (h healthy) Check(ctx context.Context, request *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	serving, err := h.check(ctx, request)
	return &grpc_health_v1.HealthCheckResponse{Status: serving}, err
}

// says is a check that always says the same.
func says(serving grpc_health_v1.HealthCheckResponse_ServingStatus, err error) healthy {
	return healthy{check: func(context.Context, *grpc_health_v1.HealthCheckRequest) (grpc_health_v1.HealthCheckResponse_ServingStatus, error) {
		return serving, err
	}}
}

// serveGRPC starts a server of grpc-go on loopback that ends with the test.
func serveGRPC(t *testing.T, h healthy, options ...grpc.ServerOption) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(options...)
	grpc_health_v1.RegisterHealthServer(server, h)
	var running sync.WaitGroup
	running.Go(func() { assert.NoError(t, server.Serve(listener)) })
	t.Cleanup(func() {
		server.Stop()
		running.Wait()
	})
	return "grpc://" + listener.Addr().String() + check
}

const check = "/grpc.health.v1.Health/Check"

// call is the one of an experiment that asks for no more than a health check.
func call() *load.GRPC { return load.GRPCOf(&experiment.GRPCLoad{Method: check, Status: "OK"}) }

const serving = grpc_health_v1.HealthCheckResponse_SERVING

func TestCallsAreWhatTheyShouldBe(t *testing.T) {
	type seen struct{ service, key, agent string }
	got := make(chan seen, 1024)
	url := serveGRPC(t, healthy{check: func(ctx context.Context, r *grpc_health_v1.HealthCheckRequest) (grpc_health_v1.HealthCheckResponse_ServingStatus, error) {
		sent, _ := metadata.FromIncomingContext(ctx)
		deadline, ok := ctx.Deadline()
		assert.True(t, ok, "the server knows how long it has")
		assert.InDelta(t, 2, time.Until(deadline).Seconds(), 1)
		for key := range sent {
			assert.NotContains(t, key, "vegeta")
		}
		got <- seen{r.GetService(), strings.Join(sent.Get("tenant"), ","), strings.Join(sent.Get("user-agent"), ",")}
		return serving, grpc.SetHeader(ctx, metadata.Pairs("x-pod", "web-1"))
	}})
	stream := load.Stream{
		ID: 3, URL: url, Profile: load.Constant(200), PodHeader: "X-Pod", Header: http.Header{"Tenant": {"a"}},
		GRPC: load.GRPCOf(&experiment.GRPCLoad{Method: check, Check: "shop.v1.Orders", Status: "OK"}),
	}
	samples, summary := collect(t, stream, atLeast(20))
	for _, s := range samples {
		require.True(t, s.OK(), summary.Examples)
		assert.Equal(t, 3, s.Stream)
		assert.Equal(t, http.StatusOK, s.Status)
		assert.Equal(t, "web-1", s.Pod)
		assert.GreaterOrEqual(t, s.Start, s.Due)
		assert.Greater(t, s.End, s.Start)
	}
	assert.Equal(t, seen{"shop.v1.Orders", "a", "chaosctl"}, <-got)
	for len(got) > 0 {
		<-got
	}
	answer, err := stream.Ask(t.Context())
	require.NoError(t, err)
	assert.Equal(t, load.Answer{Status: http.StatusOK, Pod: "web-1"}, answer)
	assert.Equal(t, seen{"shop.v1.Orders", "a", "chaosctl"}, <-got, "what is asked before a run is what a run asks")
}

func TestFreshCallsHaveAConnectionEach(t *testing.T) {
	for name, fresh := range map[string]bool{"fresh": true, "reuse": false} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			calls := map[string]int{} // by connection
			url := serveGRPC(t, healthy{check: func(ctx context.Context, _ *grpc_health_v1.HealthCheckRequest) (grpc_health_v1.HealthCheckResponse_ServingStatus, error) {
				from, _ := peer.FromContext(ctx)
				mu.Lock()
				defer mu.Unlock()
				calls[from.Addr.String()]++
				return serving, nil
			}})
			samples, summary := collect(t, load.Stream{URL: url, Profile: load.Constant(200), Fresh: fresh, GRPC: call(), Timeout: 30 * time.Second}, atLeast(60))
			for _, s := range samples {
				require.True(t, s.OK(), summary.Examples)
			}
			mu.Lock()
			defer mu.Unlock()
			most := slices.Max(slices.Collect(maps.Values(calls)))
			if fresh {
				assert.Equal(t, 1, most)
			} else {
				assert.Greater(t, most, 10)
			}
		})
	}
}

func TestCausesOfCalls(t *testing.T) {
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refusing.Close()
	of := func(h healthy) string {
		return serveGRPC(t, h)
	}
	byHTTP := func(status int) string {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if status == 0 {
				panic(http.ErrAbortHandler) // ends the stream, and leaves the connection
			}
			w.WriteHeader(status)
		}))
		server.Config.Protocols = new(http.Protocols)
		server.Config.Protocols.SetUnencryptedHTTP2(true)
		server.Start()
		t.Cleanup(server.Close)
		return "grpc://" + strings.TrimPrefix(server.URL, "http://") + check
	}
	serveRaw := func(handle func(net.Conn)) string {
		return "grpc://" + strings.TrimPrefix(serveTCP(t, handle), "tcp://") + check
	}
	down := says(0, status.Error(codes.Unavailable, "hush"))
	for name, c := range map[string]struct {
		url    string
		call   *experiment.GRPCLoad
		want   load.Cause
		status int
		why    string
	}{
		"serving":        {of(says(serving, nil)), nil, load.None, 200, ""},
		"not serving":    {of(says(grpc_health_v1.HealthCheckResponse_NOT_SERVING, nil)), nil, load.Unexpected, 200, "the health check says NOT_SERVING"},
		"unavailable":    {of(down), nil, load.ServerError, 503, "the call ended with UNAVAILABLE"},
		"not found":      {of(says(0, status.Error(codes.NotFound, "hush"))), nil, load.ClientError, 404, "the call ended with NOT_FOUND"},
		"as expected":    {of(down), &experiment.GRPCLoad{Method: check, Status: "UNAVAILABLE"}, load.None, 503, ""},
		"better than":    {of(says(serving, nil)), &experiment.GRPCLoad{Method: check, Status: "UNAVAILABLE"}, load.Unexpected, 200, "the call ended with OK, and not with UNAVAILABLE"},
		"no such method": {strings.TrimSuffix(of(down), check) + "/shop.v1.Orders/List", &experiment.GRPCLoad{Method: "/shop.v1.Orders/List", Status: "OK"}, load.ServerError, 501, "the call ended with UNIMPLEMENTED"},
		"no gRPC":        {byHTTP(200), nil, load.Unexpected, 200, "the answer has no status of gRPC"},
		"a proxy's":      {byHTTP(502), nil, load.ServerError, 502, ""},
		"aborted":        {byHTTP(0), nil, load.Reset, 0, ""},
		"refused":        {"grpc://" + refusing.Addr().String() + check, nil, load.Refused, 0, ""},
		"no name":        {"grpc://nobody.invalid:1" + check, nil, load.DNS, 0, ""},
		"hangs":          {serveRaw(readAll), nil, load.Timeout, 0, ""},
		"closed":         {serveRaw(sayNothing), nil, load.EOF, 0, ""},
		"cut":            {serveRaw(func(conn net.Conn) { hang(conn); cut(conn) }), nil, load.Reset, 0, ""},
		"without TLS":    {strings.Replace(of(says(serving, nil)), "grpc:", "grpcs:", 1), nil, load.TLS, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.call == nil {
				c.call = &experiment.GRPCLoad{Method: check, Status: "OK"}
			}
			stream := load.Stream{URL: c.url, Profile: load.Constant(20), Fresh: true, GRPC: load.GRPCOf(c.call), Timeout: 300 * time.Millisecond}
			if name == "no name" {
				stream.Timeout = 10 * time.Second // a slow name service is no other cause
			}
			samples, summary := collect(t, stream, atLeast(2))
			require.NotEmpty(t, samples)
			assert.Equal(t, c.want, samples[0].Cause, summary.Examples)
			assert.Equal(t, c.status, samples[0].Status)
			if c.why != "" {
				assert.Equal(t, c.why, summary.Examples[c.want], "without what the server says, which may be anything")
			}
			if c.want != load.None && name != "no name" {
				assert.Equal(t, "127.0.0.1", samples[0].Peer.Address)
			}
		})
	}
}

// sayNothing ends its side in an orderly way, once it has heard something.
func sayNothing(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 1))
	_ = conn.(*net.TCPConn).CloseWrite()
	readAll(conn)
}

// readAll answers nothing.
func readAll(conn net.Conn) {
	part := make([]byte, 4<<10)
	for {
		if _, err := conn.Read(part); err != nil {
			return
		}
	}
}

func TestCallsByTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer server.Close()
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	url := serveGRPC(t, says(serving, nil), grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: server.TLS.Certificates})))
	url = strings.Replace(url, "grpc:", "grpcs:", 1)
	for want, trusted := range map[load.Cause]*trust.Trust{load.None: {CA: ca}, load.TLS: nil} {
		samples, summary := collect(t, load.Stream{URL: url, Profile: load.Constant(50), TLS: trusted, GRPC: call()}, atLeast(2))
		assert.Equal(t, want, samples[0].Cause, summary.Examples)
	}
}

func TestCallsAreLetInAndHush(t *testing.T) {
	url := serveGRPC(t, healthy{check: func(ctx context.Context, _ *grpc_health_v1.HealthCheckRequest) (grpc_health_v1.HealthCheckResponse_ServingStatus, error) {
		sent, _ := metadata.FromIncomingContext(ctx)
		if got := sent.Get("authorization"); len(got) != 1 || got[0] != "Bearer s3cret" {
			return 0, status.Error(codes.Unauthenticated, "")
		}
		return serving, grpc.SetHeader(ctx, metadata.Pairs("x-pod", "s3cret"))
	}})
	token, err := load.Bearer("s3cret")
	require.NoError(t, err)
	samples, _ := collect(t, load.Stream{URL: url, Profile: load.Constant(50), PodHeader: "X-Pod", Authorization: token, GRPC: call()}, atLeast(1))
	assert.True(t, samples[0].OK())
	assert.NotContains(t, fmt.Sprint(samples), "s3cret")
	samples, _ = collect(t, load.Stream{URL: url, Profile: load.Constant(50), GRPC: call()}, atLeast(1))
	assert.Equal(t, http.StatusUnauthorized, samples[0].Status)
}

func TestStopCutsCallsShort(t *testing.T) {
	for name, fresh := range map[string]bool{"fresh": true, "reuse": false} {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan struct{}, 1024)
			url := serveGRPC(t, healthy{check: func(ctx context.Context, _ *grpc_health_v1.HealthCheckRequest) (grpc_health_v1.HealthCheckResponse_ServingStatus, error) {
				arrived <- struct{}{}
				<-ctx.Done()
				return 0, ctx.Err()
			}})
			before := runtime.NumGoroutine()
			ctx, cancel := context.WithCancel(t.Context())
			stopped := make(chan time.Time, 1)
			go func() {
				for range 20 {
					<-arrived
				}
				stopped <- time.Now()
				cancel()
			}()
			stream := load.Stream{URL: url, Profile: load.Constant(500), Timeout: 30 * time.Second, Fresh: fresh, GRPC: call()}
			summary := stream.Run(ctx, newClock(), func(s load.Sample) { t.Errorf("a call that was cancelled is not a sample: %v", s.Cause) })
			took := time.Since(<-stopped)
			t.Logf("stopped %v after the order, with %d calls in flight", took, summary.Cancelled)
			assert.Less(t, took, 5*time.Second) // far below the timeout; what it takes on a quiet machine is logged above
			assert.GreaterOrEqual(t, summary.Cancelled, uint64(20))
			assert.False(t, summary.Starved)
			assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 10*time.Second, 10*time.Millisecond, "nothing is left running")
		})
	}
}

func TestAnAnswerWithoutEndTakesNoMemory(t *testing.T) {
	const whole = 64 << 20
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		part := make([]byte, 1<<20)
		for range whole / len(part) {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	defer server.Close()
	stream := load.Stream{URL: "grpc://" + strings.TrimPrefix(server.URL, "http://") + check, Profile: load.Constant(20), Timeout: 10 * time.Second, GRPC: call()}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	samples, _ := collect(t, stream, atLeast(3))
	runtime.ReadMemStats(&after)
	assert.Equal(t, load.Unexpected, samples[0].Cause)
	assert.Less(t, after.HeapSys, before.HeapSys+whole)
}

// flaky is a server of grpc-go that is stopped on purpose, which cuts its connections, and started again at the same address.
type flaky struct {
	clock   event.Clock
	address string
	server  *grpc.Server
	running sync.WaitGroup
	windows []downtime
}

func (f *flaky) start(t *testing.T) {
	listener, err := net.Listen("tcp", f.address)
	require.NoError(t, err)
	f.address, f.server = listener.Addr().String(), grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(f.server, says(serving, nil))
	server := f.server
	f.running.Go(func() { assert.NoError(t, server.Serve(listener)) })
}

func (f *flaky) down(t *testing.T, lasts time.Duration) {
	start := f.clock.Now()
	f.server.Stop()
	time.Sleep(lasts)
	f.start(t)
	f.windows = append(f.windows, downtime{"stop", start, f.clock.Now()})
}

// TestOutagesOfCallsAgainstTheTruth stops a server several times, and compares what two streams saw with what was written down.
func TestOutagesOfCallsAgainstTheTruth(t *testing.T) {
	const rate = 200.0
	server := &flaky{clock: newClock(), address: "127.0.0.1:0"}
	server.start(t)
	url := "grpc://" + server.address + check
	streams := []load.Stream{
		{ID: 0, Name: "fresh", Profile: load.Constant(rate), Fresh: true, URL: url, GRPC: call()},
		{ID: 1, Name: "reuse", Profile: load.Constant(rate), URL: url, GRPC: call()},
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	seen := []*witness{{tally: load.NewTally(streams)}, {tally: load.NewTally(streams)}}
	var running sync.WaitGroup
	for i, s := range streams {
		running.Go(func() { s.Run(ctx, server.clock, seen[i].add) })
	}
	time.Sleep(200 * time.Millisecond)
	for i := range 6 {
		server.down(t, time.Duration(20+30*i)*time.Millisecond)
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	running.Wait()
	server.server.Stop()
	server.running.Wait()
	for i, s := range streams {
		t.Run(s.Name, func(t *testing.T) { seen[i].compare(t, server.windows, seen[i].tally.Stream(i).Outages(), rate) })
	}
}
