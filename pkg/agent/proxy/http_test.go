package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/agent/proxy"
)

// echo answers with what it was asked, and by which version of HTTP.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%d %s %s %s\n", r.ProtoMajor, r.Method, r.Host, r.RequestURI)
	_ = r.Header.Write(w)
	_, _ = io.Copy(w, r.Body)
})

func served(t *testing.T, handler http.Handler) string {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func client(t *testing.T, version int) *http.Client {
	t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP1(version == 1)
	transport.Protocols.SetUnencryptedHTTP2(version == 2)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func ask(t *testing.T, c *http.Client, method, url string, headers ...string) (status int, body string, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("a body"))
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

func TestHTTPFaults(t *testing.T) {
	server := served(t, echo)
	for _, version := range []int{1, 2} {
		c := client(t, version)
		t.Run(fmt.Sprintf("HTTP/%d", version), func(t *testing.T) {
			t.Run("a status for what fits", func(t *testing.T) {
				h := &proxy.HTTP{Prefix: "/orders", Pattern: regexp.MustCompile(`/[0-9]+$`), Methods: []string{"GET", "POST"}, Status: 503, Share: 1}
				at := inFront(t, h, server)
				for request, want := range map[string]int{
					"GET /orders/1": 503, "POST /orders/22?why=not": 503, "PUT /orders/1": 200, "GET /orders/new": 200, "GET /old/orders/1": 200,
				} {
					method, path, _ := strings.Cut(request, " ")
					status, body, err := ask(t, c, method, "http://"+at.address+path)
					require.NoError(t, err)
					assert.Equal(t, want, status, request)
					if want == 200 {
						assert.Contains(t, body, fmt.Sprintf("%d %s %s %s\n", version, method, at.address, path))
					}
				}
				status, _, err := ask(t, c, "GET", "http://"+at.address+"/orders/1", "User-Agent", "kube-probe/1.37")
				require.NoError(t, err)
				assert.Equal(t, 200, status, "the kubelet's probes are no traffic")
				did, err := h.Did()
				require.NoError(t, err)
				assert.Equal(t, "answered with 503: 2 of 2 requests that fit; 3 other requests, 1 requests of the kubelet's probes passed untouched", did)
			})
			t.Run("probes too, where that is asked for", func(t *testing.T) {
				at := inFront(t, &proxy.HTTP{Status: 500, Share: 1, Probes: true}, server)
				status, _, err := ask(t, c, "GET", "http://"+at.address+"/", "User-Agent", "kube-probe/1.37")
				require.NoError(t, err)
				assert.Equal(t, 500, status)
			})
			t.Run("late", func(t *testing.T) {
				at := inFront(t, &proxy.HTTP{Delay: 50 * time.Millisecond, Share: 1}, server)
				began := time.Now()
				status, _, err := ask(t, c, "GET", "http://"+at.address+"/")
				require.NoError(t, err)
				assert.Equal(t, 200, status)
				assert.GreaterOrEqual(t, time.Since(began), 50*time.Millisecond)
			})
			t.Run("held no longer than the fault lasts", func(t *testing.T) {
				h := &proxy.HTTP{Delay: time.Hour, Status: 503, Share: 1}
				at := inFront(t, h, server)
				time.AfterFunc(20*time.Millisecond, at.over)
				status, _, err := ask(t, c, "GET", "http://"+at.address+"/")
				require.NoError(t, err)
				assert.Equal(t, 200, status)
			})
			t.Run("no answer", func(t *testing.T) {
				h := &proxy.HTTP{Abort: true, Share: 1}
				at := inFront(t, h, server)
				_, _, err := ask(t, c, "GET", "http://"+at.address+"/")
				if version == 1 {
					assert.ErrorIs(t, err, syscall.ECONNRESET)
				} else {
					assert.ErrorContains(t, err, "stream error")
				}
				did, err := h.Did()
				require.NoError(t, err)
				assert.Equal(t, "aborted: 1 of 1 requests that fit", did)
			})
			t.Run("nothing when it is over", func(t *testing.T) {
				h := &proxy.HTTP{Status: 503, Share: 1}
				at := inFront(t, h, server)
				at.over()
				status, _, err := ask(t, c, "GET", "http://"+at.address+"/")
				require.NoError(t, err)
				assert.Equal(t, 200, status)
				_, err = h.Did()
				assert.ErrorIs(t, err, proxy.ErrNothing)
			})
		})
	}
}

// TestHTTPIsPassedOnAsItIs: the server sees what it would see without a proxy.
func TestHTTPIsPassedOnAsItIs(t *testing.T) {
	server := served(t, echo)
	at := inFront(t, &proxy.HTTP{Prefix: "/other", Status: 500, Share: 1}, server)
	for _, version := range []int{1, 2} {
		c := client(t, version)
		headers := []string{"X-Forwarded-For", "192.0.2.1", "Forwarded", "for=192.0.2.1", "Accept-Encoding", "gzip", "User-Agent", ""}
		_, direct, err := ask(t, c, "POST", "http://"+server+"/a%2Fb?x=1;y&z", headers...)
		require.NoError(t, err)
		_, through, err := ask(t, c, "POST", "http://"+at.address+"/a%2Fb?x=1;y&z", headers...)
		require.NoError(t, err)
		assert.Equal(t, strings.ReplaceAll(direct, server, at.address), through)
	}
}

func TestShareOfRequests(t *testing.T) {
	h := &proxy.HTTP{Status: 503, Share: 0.5}
	at := inFront(t, h, served(t, echo))
	c := client(t, 1)
	const all = 200
	failed := 0
	for range all {
		status, _, err := ask(t, c, "GET", "http://"+at.address+"/")
		require.NoError(t, err)
		if status == 503 {
			failed++
		}
	}
	// Beyond these limits is one of 10^9 runs.
	assert.InDelta(t, all/2, failed, 44)
	did, err := h.Did()
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprintf("answered with 503: %d of %d requests that fit", failed, all), did)
}

// TestTLSPassesUntouched: the client verifies the server's own certificate.
func TestTLSPassesUntouched(t *testing.T) {
	s := httptest.NewTLSServer(echo)
	defer s.Close()
	h := &proxy.HTTP{Status: 503, Share: 1}
	at := inFront(t, h, s.Listener.Addr().String())
	status, _, err := ask(t, s.Client(), "GET", "https://"+at.address+"/")
	require.NoError(t, err)
	assert.Equal(t, 200, status)
	did, err := h.Did()
	require.ErrorIs(t, err, proxy.ErrNothing)
	assert.Contains(t, did, "1 connections of TLS passed untouched")
	s.Client().CloseIdleConnections()
}

// TestUpgradesPass: what is no HTTP any more goes both ways.
func TestUpgradesPass(t *testing.T) {
	server := served(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_, _ = io.Copy(conn, buffered)
	}))
	at := inFront(t, &proxy.HTTP{Prefix: "/other", Abort: true, Share: 1}, server)
	conn, err := net.Dial("tcp", at.address)
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: web\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	answers := bufio.NewReader(conn)
	answer, err := http.ReadResponse(answers, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, answer.StatusCode)
	fmt.Fprintln(conn, "hello")
	line, err := answers.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "hello\n", line)
}

func TestServerThatIsNotThere(t *testing.T) {
	at := inFront(t, &proxy.HTTP{Prefix: "/other", Status: 503, Share: 1}, nobody(t))
	_, _, err := ask(t, client(t, 1), "GET", "http://"+at.address+"/")
	assert.ErrorIs(t, err, syscall.ECONNRESET)
}

// TestHTTPLeaves: a connection that is kept alive does not keep the proxy, and one that asks nothing neither.
func TestHTTPLeaves(t *testing.T) {
	at := inFront(t, &proxy.HTTP{Prefix: "/other", Status: 503, Share: 1}, served(t, echo))
	kept, err := net.Dial("tcp", at.address)
	require.NoError(t, err)
	defer kept.Close()
	fmt.Fprint(kept, "GET / HTTP/1.1\r\nHost: web\r\n\r\n")
	answers := bufio.NewReader(kept)
	answer, err := http.ReadResponse(answers, nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	silent, err := net.Dial("tcp", at.address)
	require.NoError(t, err)
	defer silent.Close()
	at.leave()
	_, err = answers.ReadByte()
	assert.ErrorIs(t, err, io.EOF)
	_, err = net.Dial("tcp", at.address)
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
}
