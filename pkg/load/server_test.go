package load_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// newClock starts a run.
func newClock() event.Clock { return event.NewClock(time.Now()) }

// serve starts a server on loopback that ends with the test, cutting what is in flight.
func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}

// collect runs a stream until enough says so of the samples so far, or a generous time has passed.
func collect(t *testing.T, s load.Stream, enough func([]load.Sample) bool) ([]load.Sample, load.Summary) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	var samples []load.Sample
	summary := s.Run(ctx, newClock(), func(sample load.Sample) {
		samples = append(samples, sample)
		if enough(samples) {
			cancel()
		}
	})
	return samples, summary
}

// atLeast is enough when there are n samples.
func atLeast(n int) func([]load.Sample) bool {
	return func(samples []load.Sample) bool { return len(samples) >= n }
}

// countConnections starts a server that counts the connections it accepts.
func countConnections(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	opened := new(atomic.Int64)
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server, opened
}

// discard keeps the complaints of a server, which are what the test is about, out of the output.
var discard = log.New(io.Discard, "", 0)
