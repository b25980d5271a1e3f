package load_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/load"
)

// raw starts a server that does as it likes with every connection, after the request was read.
func raw(t *testing.T, answer func(*net.TCPConn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := conn.Read(make([]byte, 4096)); err == nil {
					answer(conn.(*net.TCPConn))
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

func say(conn net.Conn, text string) { _, _ = conn.Write([]byte(text)) }

func TestCausesOfFailures(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed.Close()
	status := func(code int) string {
		return serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }).URL
	}
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = discard
	t.Cleanup(secure.Close)
	plain := status(200)

	for name, test := range map[string]struct {
		url    string
		cause  load.Cause
		status int
	}{
		"refused":       {"http://" + closed.Addr().String(), load.Refused, 0},
		"reset":         {raw(t, func(c *net.TCPConn) { _ = c.SetLinger(0) }), load.Reset, 0},
		"eof":           {raw(t, func(*net.TCPConn) {}), load.EOF, 0},
		"eof in a body": {raw(t, func(c *net.TCPConn) { say(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") }), load.EOF, 200},
		"timeout":       {raw(t, func(c *net.TCPConn) { _, _ = c.Read(make([]byte, 1)) }), load.Timeout, 0},
		"timeout in a body": {raw(t, func(c *net.TCPConn) {
			say(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
			_, _ = c.Read(make([]byte, 1))
		}), load.Timeout, 200},
		"reset in a body": {raw(t, func(c *net.TCPConn) {
			say(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
			time.Sleep(20 * time.Millisecond) // a reset that overtakes the answer would hide it
			_ = c.SetLinger(0)
		}), load.Reset, 200},
		"not http":        {raw(t, func(c *net.TCPConn) { say(c, "hello\r\n\r\n") }), load.Other, 0},
		"dns":             {"http://not..a..name/", load.DNS, 0},
		"tls, unknown":    {secure.URL, load.TLS, 0},
		"tls, not spoken": {"https" + plain[len("http"):], load.TLS, 0},
		"no URL":          {"http://[", load.Other, 0},
		"404":             {status(404), load.ClientError, 404},
		"503":             {status(503), load.ServerError, 503},
		"304":             {status(304), load.None, 304},
		"200":             {plain, load.None, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, fresh := range []bool{true, false} {
				stream := load.Stream{URL: test.url, Profile: load.Constant(20), Timeout: 5 * time.Second, Fresh: fresh}
				if test.cause == load.Timeout {
					stream.Timeout = 200 * time.Millisecond
				}
				samples, summary := collect(t, stream, atLeast(2))
				for _, s := range samples {
					assert.Equal(t, test.cause, s.Cause, summary.Examples)
					assert.Equal(t, test.status, s.Status)
					assert.Equal(t, test.cause == load.None, s.OK())
				}
				if test.cause != load.None {
					assert.NotEmpty(t, summary.Examples[test.cause])
				}
			}
		})
	}
}
