package load_test

import (
	"bytes"
	"context"
	"math"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/load"
)

// serveTCP starts a server on loopback that handles each connection in a goroutine of its own, and ends with the test.
func serveTCP(t *testing.T, handle func(net.Conn)) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var running sync.WaitGroup
	end := make(chan struct{})
	t.Cleanup(func() {
		close(end)
		listener.Close()
		running.Wait()
	})
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				done := make(chan struct{})
				go func() {
					select {
					case <-end:
					case <-done:
					}
					conn.Close()
				}()
				handle(conn)
				close(done)
			})
		}
	})
	return "tcp://" + listener.Addr().String()
}

// echo sends back what it gets, and hang keeps a connection until the client ends it.
func echo(conn net.Conn) {
	part := make([]byte, 64)
	for {
		n, err := conn.Read(part)
		if err != nil {
			return
		}
		if _, err := conn.Write(part[:n]); err != nil {
			return
		}
	}
}

func hang(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) }

func TestAConnectIsARequest(t *testing.T) {
	var opened atomic.Int64
	url := serveTCP(t, func(conn net.Conn) {
		opened.Add(1)
		hang(conn)
	})
	samples, summary := collect(t, load.Stream{ID: 3, URL: url, Profile: load.Constant(200), TCP: &load.TCP{}}, atLeast(50))
	for _, s := range samples {
		require.True(t, s.OK(), s.Cause)
		assert.Equal(t, 3, s.Stream)
		assert.GreaterOrEqual(t, s.Start, s.Due)
		assert.Greater(t, s.End, s.Start)
		assert.Zero(t, s.Status)
		assert.Zero(t, s.Peer, "a success is not attributed by its address")
	}
	assert.Eventually(t, func() bool { return opened.Load() >= int64(summary.Samples) }, 10*time.Second, time.Millisecond, "one connection for each")
}

func TestCausesOfTCP(t *testing.T) {
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refusing.Close()
	answer := &load.TCP{Send: []byte("ping"), Expect: []byte("ping")}
	for name, c := range map[string]struct {
		url  string
		tcp  *load.TCP
		want load.Cause
		peer string
	}{
		"answered": {serveTCP(t, echo), answer, load.None, ""},
		"refused":  {"tcp://" + refusing.Addr().String(), &load.TCP{}, load.Refused, "127.0.0.1"},
		"no name":  {"tcp://nobody.invalid:1", &load.TCP{}, load.DNS, ""},
		"hangs":    {serveTCP(t, hang), &load.TCP{Expect: []byte("220")}, load.Timeout, "127.0.0.1"},
		"cut": {serveTCP(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 64))
			cut(conn)
		}), answer, load.Reset, "127.0.0.1"},
		"closed":        {serveTCP(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, 64)) }), answer, load.EOF, "127.0.0.1"},
		"closed early":  {serveTCP(t, func(conn net.Conn) { _, _ = conn.Write([]byte("220")) }), &load.TCP{Expect: []byte("2200")}, load.EOF, "127.0.0.1"},
		"another":       {serveTCP(t, flood), answer, load.Unexpected, "127.0.0.1"},
		"in two pieces": {serveTCP(t, inTwo), &load.TCP{Expect: []byte("220 ready")}, load.None, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stream := load.Stream{URL: c.url, Profile: load.Constant(20), TCP: c.tcp, Timeout: 300 * time.Millisecond}
			if name == "no name" {
				stream.Timeout = 10 * time.Second // a slow name service is no other cause
			}
			samples, summary := collect(t, stream, atLeast(2))
			require.NotEmpty(t, samples)
			assert.Equal(t, c.want, samples[0].Cause, summary.Examples)
			assert.Equal(t, c.peer, samples[0].Peer.Address)
			got, err := stream.Ask(t.Context())
			if c.want == load.None || c.want == load.Unexpected {
				require.NoError(t, err)
				assert.Equal(t, c.want, got.Cause)
			} else {
				assert.Error(t, err)
			}
		})
	}
}

// flood sends for ever; inTwo what is expected in two pieces.
func flood(conn net.Conn) {
	zeros := bytes.Repeat([]byte{'0'}, 1<<20)
	for {
		if _, err := conn.Write(zeros); err != nil {
			return
		}
	}
}

func inTwo(conn net.Conn) {
	_, _ = conn.Write([]byte("220 re"))
	time.Sleep(time.Millisecond) // so that the two are not one; the test holds if they are
	_, _ = conn.Write([]byte("ady"))
	hang(conn)
}

func TestAServerThatSendsForEverTakesNoMemory(t *testing.T) {
	stream := load.Stream{URL: serveTCP(t, flood), Profile: load.Constant(100), TCP: &load.TCP{Expect: []byte("never")}}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	samples, _ := collect(t, stream, atLeast(50))
	runtime.GC()
	runtime.ReadMemStats(&after)
	assert.Equal(t, load.Unexpected, samples[0].Cause)
	assert.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(8<<20))
}

func TestStopCutsConnectionsShort(t *testing.T) {
	arrived := make(chan struct{}, 1024)
	url := serveTCP(t, func(conn net.Conn) {
		arrived <- struct{}{}
		hang(conn)
	})
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
	stream := load.Stream{URL: url, Profile: load.Constant(500), Timeout: 30 * time.Second, TCP: &load.TCP{Expect: []byte("220")}}
	summary := stream.Run(ctx, newClock(), func(s load.Sample) { t.Errorf("a request that was cancelled is not a sample: %v", s.Cause) })
	took := time.Since(<-stopped)
	t.Logf("stopped %v after the order, with %d requests in flight", took, summary.Cancelled)
	assert.Less(t, took, 5*time.Second) // far below the timeout; what it takes on a quiet machine is logged above
	assert.GreaterOrEqual(t, summary.Cancelled, uint64(20))
	assert.False(t, summary.Starved)
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 10*time.Second, 10*time.Millisecond, "nothing is left running")
}

func TestStarvationByTCPIsSeen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var arrived atomic.Int64
	url := serveTCP(t, func(conn net.Conn) {
		if arrived.Add(1) == 4 {
			time.AfterFunc(200*time.Millisecond, cancel) // the fifth was due after 5 ms
		}
		hang(conn)
	})
	stream := load.Stream{URL: url, Profile: load.Constant(200), Timeout: 30 * time.Second, MaxInFlight: 4, TCP: &load.TCP{Expect: []byte("220")}}
	assert.True(t, stream.Run(ctx, newClock(), func(load.Sample) {}).Starved)
}

// TestOutagesByTCPAgainstTheTruth closes a port several times, and compares what a stream saw with what the server wrote down.
func TestOutagesByTCPAgainstTheTruth(t *testing.T) {
	const rate = 300.0
	clock := newClock()
	server := newFaulty(t, clock)
	stream := load.Stream{Name: "db", URL: "tcp://" + server.address, Profile: load.Constant(rate), TCP: &load.TCP{}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	seen := &witness{tally: load.NewTally([]load.Stream{stream})}
	var running sync.WaitGroup
	running.Go(func() { stream.Run(ctx, clock, seen.add) })
	time.Sleep(100 * time.Millisecond)
	for i := range 6 {
		server.down(t, "refuse", time.Duration(20*math.Pow(2, float64(i)/2)*float64(time.Millisecond)))
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	running.Wait()
	seen.compare(t, server.windows, seen.tally.Stream(0).Outages(), rate)
}
