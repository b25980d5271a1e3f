package proxy_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"net"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/agent/proxy"
)

// parrot begins a server that says what it is told, until it is told no more.
func parrot(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var all sync.WaitGroup
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			})
		}
	}()
	t.Cleanup(func() { l.Close(); all.Wait() })
	return l.Addr().String()
}

// talk sends a message, and returns what comes back until the server has closed.
func talk(t *testing.T, address string, message []byte) (answer []byte, took time.Duration) {
	t.Helper()
	began := time.Now()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	go func() {
		_, _ = conn.Write(message)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	answer, err = io.ReadAll(conn)
	require.NoError(t, err)
	return answer, time.Since(began)
}

// listen connects, and waits for the first word.
func listen(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Read(make([]byte, 1))
	return err
}

func random(t *testing.T, size int) []byte {
	t.Helper()
	text := make([]byte, size)
	_, err := rand.Read(text)
	require.NoError(t, err)
	return text
}

func TestDelayOfConnections(t *testing.T) {
	server := parrot(t)
	for name, out := range map[string]bool{"in": false, "out": true} {
		t.Run(name, func(t *testing.T) {
			c := &proxy.Connections{Delay: 100 * time.Millisecond, Jitter: 50 * time.Millisecond, Share: 1, Out: out}
			at := inFront(t, c, server)
			message := random(t, 300_000)
			answer, took := talk(t, at.address, message)
			assert.True(t, bytes.Equal(message, answer), "all of it, in order")
			assert.GreaterOrEqual(t, took, 50*time.Millisecond)
			did, err := c.Did()
			require.NoError(t, err)
			assert.Equal(t, "held for 100ms ± 50ms what the pod sent: 1 of 1 new connections", did)
		})
	}
	t.Run("no longer than the fault lasts", func(t *testing.T) {
		at := inFront(t, &proxy.Connections{Delay: time.Hour, Share: 1}, server)
		time.AfterFunc(20*time.Millisecond, at.over)
		answer, _ := talk(t, at.address, []byte("hello"))
		assert.Equal(t, "hello", string(answer))
	})
}

func TestRateOfConnections(t *testing.T) {
	c := &proxy.Connections{Rate: 100_000, Share: 1}
	at := inFront(t, c, parrot(t))
	message := random(t, 30_000)
	// Two connections have it together: but for the burst of 10 kB, 60 kB take half a second.
	var both sync.WaitGroup
	began := time.Now()
	for range 2 {
		both.Go(func() {
			answer, _ := talk(t, at.address, message)
			assert.True(t, bytes.Equal(message, answer))
		})
	}
	both.Wait()
	assert.GreaterOrEqual(t, time.Since(began), 500*time.Millisecond)
	did, err := c.Did()
	require.NoError(t, err)
	assert.Equal(t, "100000 bytes a second each way at the most, in all together: 2 of 2 new connections", did)
	at.over()
	_, took := talk(t, at.address, random(t, 10_000_000))
	assert.Less(t, took, 50*time.Second, "at that rate it would take 100 s")
}

func TestRateOfEachConnection(t *testing.T) {
	c := &proxy.Connections{Rate: 50_000, Each: true, Share: 1}
	at := inFront(t, c, parrot(t))
	message := random(t, 55_000)
	// But for the burst of 5 kB, it takes a second, however many others there are; together they would take eight.
	var all sync.WaitGroup
	began := time.Now()
	for range 8 {
		all.Go(func() {
			answer, took := talk(t, at.address, message)
			assert.True(t, bytes.Equal(message, answer))
			assert.GreaterOrEqual(t, took, time.Second)
		})
	}
	all.Wait()
	assert.Less(t, time.Since(began), 6*time.Second)
	did, err := c.Did()
	require.NoError(t, err)
	assert.Equal(t, "50000 bytes a second each way at the most, in each of them: 8 of 8 new connections", did)
}

func TestShareOfConnections(t *testing.T) {
	c := &proxy.Connections{Delay: time.Hour}
	at := inFront(t, c, parrot(t))
	answer, _ := talk(t, at.address, []byte("hello"))
	assert.Equal(t, "hello", string(answer))
	did, err := c.Did()
	require.ErrorIs(t, err, proxy.ErrNothing)
	assert.Equal(t, "held for 1h0m0s what the pod sent: 0 of 1 new connections", did)
}

func TestConnectionsOfTLS(t *testing.T) {
	s := httptest.NewTLSServer(echo)
	defer s.Close()
	at := inFront(t, &proxy.Connections{Delay: time.Millisecond, Share: 1}, s.Listener.Addr().String())
	status, _, err := ask(t, s.Client(), "GET", "https://"+at.address+"/")
	require.NoError(t, err)
	assert.Equal(t, 200, status)
	s.Client().CloseIdleConnections()
}

// TestFailuresPass: a server that cannot be reached, or that breaks off, is seen as such.
func TestFailuresPass(t *testing.T) {
	c := &proxy.Connections{Delay: time.Millisecond, Share: 1}
	at := inFront(t, c, nobody(t))
	require.ErrorIs(t, listen(at.address), syscall.ECONNRESET)
	did, err := c.Did()
	require.NoError(t, err)
	assert.Contains(t, did, "1 came to nothing")

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			_ = conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}
	}()
	for _, share := range []float64{0, 1} {
		at = inFront(t, &proxy.Connections{Delay: time.Millisecond, Share: share}, l.Addr().String())
		assert.ErrorIs(t, listen(at.address), syscall.ECONNRESET)
	}
}

// TestConnectionsLeave: one that nobody ends does not keep the proxy.
func TestConnectionsLeave(t *testing.T) {
	at := inFront(t, &proxy.Connections{Delay: time.Hour, Share: 1}, parrot(t))
	conn, err := net.Dial("tcp", at.address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("hello"))
	require.NoError(t, err)
	at.leave()
	text, _ := io.ReadAll(conn)
	assert.Equal(t, "hello", string(text), "what was held is let go")
}
