package probe_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/chaosctl/chaosctl/pkg/probe"
)

// TestChecksLeaveNothing: a probe is checked for hours, and often of what does not answer. Neither a goroutine nor an open
// file is left of a check.
func TestChecksLeaveNothing(t *testing.T) {
	quiet := serve(t, silent)
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server sees that a client has gone once it has read all
		<-r.Context().Done()
	}))
	t.Cleanup(web.Close)
	mute := nameServer(t, func(dns.ResponseWriter, *dns.Msg) {})
	probes := map[string]probe.Probe{
		"http":       &probe.HTTP{URL: web.URL},
		"tcp":        &probe.TCP{Address: quiet, Expect: "x"},
		"tls":        &probe.TLS{Address: quiet},
		"dns":        &probe.DNS{Name: "web.shop.example", Type: probe.RecordA, Server: mute},
		"command":    &probe.Command{Argv: sh("sleep 1000 & sleep 1000")},
		"grpc":       &probe.GRPC{Address: quiet},
		"prometheus": &probe.Prometheus{URL: web.URL, Query: "up", CEL: "value == 1"},
		"exec":       &probe.Exec{Argv: []string{"sleep", "1000"}, Each: true},
		"log":        &probe.Log{Absent: "x"},
	}
	for _, d := range probe.Definitions() {
		assert.True(t, probes[d.Name] != nil || d.Name == "kubernetes", "%s is not tried", d.Name)
	}
	for name, p := range probes {
		t.Run(name, func(t *testing.T) {
			check := func() {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer cancel()
				require.Error(t, p.Measure(ctx, hanging{ctx}))
			}
			check() // what is made once
			goroutines, files := runtime.NumGoroutine(), openFiles(t)
			const times = 20
			for range times {
				check()
			}
			assert.Eventually(t, func() bool {
				return runtime.NumGoroutine() < goroutines+times/2 && openFiles(t) < files+times/2
			}, 20*time.Second, 10*time.Millisecond, "goroutines: %d, then %d; files: %d, then %d", goroutines, runtime.NumGoroutine(), files, openFiles(t))
		})
	}
}

// hanging is a world in which nothing ends before its context does.
type hanging struct{ ctx context.Context }

func (hanging) Object(ctx context.Context, _ string) (*unstructured.Unstructured, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (hanging) Pods(context.Context, map[string]string) ([]probe.Pod, error) {
	return []probe.Pod{pod("a", "ready", "restarted"), pod("b", "ready")}, nil
}

func (hanging) Exec(ctx context.Context, _, _ string, _ []string, _ io.Reader, _, _ io.Writer) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func (h hanging) Log(context.Context, string, string, time.Duration, int64, bool) (io.ReadCloser, error) {
	return io.NopCloser(h), nil
}

func (h hanging) Read([]byte) (int, error) {
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if errors.Is(err, os.ErrNotExist) {
		return 0 // a system that does not tell
	}
	require.NoError(t, err)
	return len(entries)
}
