package load_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/load"
)

// failures are the samples that failed.
func failures(samples []load.Sample) (all []load.Sample) {
	for _, s := range samples {
		if !s.OK() {
			all = append(all, s)
		}
	}
	return all
}

// TestPeerOfAKeptConnection: a connection on which a pod has answered is that pod's, and what is cut on it was sent to it.
func TestPeerOfAKeptConnection(t *testing.T) {
	var asked atomic.Int64
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) <= 3 {
			w.Header().Set("X-Pod", "web-1")
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if assert.NoError(t, err) {
			_, _ = conn.Write([]byte("HTTP/1.1 "))
			cut(conn)
		}
	})
	for name, c := range map[string]struct {
		fresh bool
		pod   string
	}{"kept": {false, "web-1"}, "fresh": {true, ""}} {
		t.Run(name, func(t *testing.T) {
			asked.Store(0)
			samples, summary := collect(t, load.Stream{Profile: load.Constant(50), URL: server.URL, PodHeader: "X-Pod", Fresh: c.fresh}, atLeast(4))
			failed := failures(samples)
			require.NotEmpty(t, failed)
			assert.Equal(t, load.Peer{Address: "127.0.0.1", Pod: c.pod}, failed[0].Peer, "%+v", failed[0])
			assert.False(t, summary.Shared)
			for _, s := range samples {
				if s.OK() {
					assert.Zero(t, s.Peer)
				}
			}
		})
	}
}

// TestPeerThatChooses: behind something that sends each request to another pod, a connection is nobody's.
func TestPeerThatChooses(t *testing.T) {
	var asked atomic.Int64
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch n := asked.Add(1); n % 3 {
		case 0:
			w.WriteHeader(http.StatusBadGateway)
		default:
			w.Header().Set("X-Pod", []string{"", "web-1", "web-2"}[n%3])
		}
	})
	samples, summary := collect(t, load.Stream{Profile: load.Constant(50), URL: server.URL, PodHeader: "X-Pod"}, atLeast(9))
	assert.True(t, summary.Shared)
	for _, s := range failures(samples)[1:] {
		assert.Equal(t, load.Peer{Address: "127.0.0.1"}, s.Peer)
	}
}

// TestPeerThatRefuses is the address that was asked; over TLS too it is the one that answered.
func TestPeerThatRefuses(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	samples, _ := collect(t, load.Stream{Profile: load.Constant(100), URL: server.URL, Timeout: time.Second}, atLeast(1))
	assert.Equal(t, load.Refused, samples[0].Cause)
	assert.Equal(t, load.Peer{Address: "127.0.0.1"}, samples[0].Peer)

	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = discard
	samples, _ = collect(t, load.Stream{Profile: load.Constant(100), URL: secure.URL, Timeout: time.Second}, atLeast(1))
	assert.Equal(t, load.TLS, samples[0].Cause)
	assert.Equal(t, "127.0.0.1", samples[0].Peer.Address)
}
