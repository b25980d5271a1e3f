package probe_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/probe"
)

func TestHTTP(t *testing.T) {
	redirected := false
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("all is well")) })
	mux.HandleFunc("/empty", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/down", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { redirected = true })
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("x", 1<<20) + "beyond"))
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("short"))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	nobody := "http://" + nobody(t) + "/"

	for name, c := range map[string]struct {
		probe probe.HTTP
		want  string
	}{
		"answers":                 {probe.HTTP{URL: server.URL + "/ok"}, ""},
		"no content":              {probe.HTTP{URL: server.URL + "/empty"}, ""},
		"the status":              {probe.HTTP{URL: server.URL + "/empty", Status: 204}, ""},
		"another status":          {probe.HTTP{URL: server.URL + "/ok", Status: 204}, "the answer was 200 OK"},
		"an error is asked for":   {probe.HTTP{URL: server.URL + "/down", Status: 503}, ""},
		"an error":                {probe.HTTP{URL: server.URL + "/down"}, "the answer was 503 Service Unavailable"},
		"not there":               {probe.HTTP{URL: server.URL + "/none"}, "the answer was 404"},
		"a redirect is an answer": {probe.HTTP{URL: server.URL + "/moved"}, ""},
		"contains":                {probe.HTTP{URL: server.URL + "/ok", Contains: "is well"}, ""},
		"does not contain":        {probe.HTTP{URL: server.URL + "/ok", Contains: "is bad"}, `the body does not contain "is bad"`},
		"contains too late":       {probe.HTTP{URL: server.URL + "/long", Contains: "beyond"}, "does not contain"},
		"cut off":                 {probe.HTTP{URL: server.URL + "/cut", Contains: "more"}, "unexpected EOF"},
		"refused":                 {probe.HTTP{URL: nobody}, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.probe.Measure(t.Context(), nil)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			assert.NotErrorIs(t, err, probe.ErrUnknown, "the condition is that it answers")
		})
	}
	assert.False(t, redirected, "a redirect is not followed")
}

func TestHTTPTimeout(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	err := (&probe.HTTP{URL: server.URL}).Measure(ctx, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NotErrorIs(t, err, probe.ErrUnknown)
}

func TestHTTPMalformed(t *testing.T) {
	assert.ErrorIs(t, (&probe.HTTP{URL: "http://a b"}).Measure(t.Context(), nil), probe.ErrUnknown)
}

func TestHTTPTrouble(t *testing.T) {
	root := authority(t, "shop's authority", nil, 1000*day)
	gigabyte := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.CopyN(w, zeros{}, 1<<30) }))
	t.Cleanup(gigabyte.Close)
	const late, enough = 300 * time.Millisecond, 20 * time.Second
	for name, c := range map[string]struct {
		probe   probe.HTTP
		timeout time.Duration
		want    outcome
	}{
		"an unknown certificate": {probe.HTTP{URL: "https://" + secure(t, root.issue(t, -day, day))}, enough, fails("comes from an authority that is not known")},
		"no TLS":                 {probe.HTTP{URL: "https://" + serve(t, flood)}, enough, fails("the server does not speak TLS")},
		"a gigabyte":             {probe.HTTP{URL: gigabyte.URL, Contains: "x"}, enough, fails(`the body does not contain "x"`)},
		"a gigabyte, not read":   {probe.HTTP{URL: gigabyte.URL}, enough, holds()},
		"headers without end": {probe.HTTP{URL: "http://" + serve(t, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX: ")
			flood(conn)
		})}, enough, fails("headers exceeded")},
		"does not accept":    {probe.HTTP{URL: "http://" + deaf(t)}, late, fails("deadline exceeded")},
		"cannot be resolved": {probe.HTTP{URL: "http://nobody.invalid"}, 3 * time.Second, fails("nobody.invalid")},
	} {
		t.Run(name, func(t *testing.T) { measured(t, &c.probe, c.timeout, c.want) })
	}
}
