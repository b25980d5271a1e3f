package alone

import (
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// faulty is a server that goes down on purpose, and writes down when, by the clock of those who watch it.
type faulty struct {
	clock   event.Clock
	address string

	mu       sync.Mutex
	mode     string
	server   *http.Server
	listener net.Listener
	open     map[net.Conn]bool
}

// kinds are the ways in which it goes down: nobody listens; connections are cut; nothing is answered; every answer is 503.
var kinds = []string{"refuse", "reset", "hang", "503"}

// downtime is one span in which it was down.
type downtime struct{ start, end event.Instant }

func newFaulty(b *testing.B, clock event.Clock) *faulty {
	f := &faulty{clock: clock, address: "127.0.0.1:0", open: map[net.Conn]bool{}}
	f.listen(b)
	b.Cleanup(func() { f.server.Close() })
	return f
}

func (f *faulty) listen(b *testing.B) {
	listener, err := net.Listen("tcp", f.address)
	require.NoError(b, err)
	f.address, f.listener = listener.Addr().String(), listener
	f.server = &http.Server{Handler: f, ConnState: f.track, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	go f.server.Serve(listener)
}

func (f *faulty) track(conn net.Conn, state http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case state == http.StateClosed || state == http.StateHijacked:
		delete(f.open, conn)
	case state == http.StateNew && f.mode == "reset":
		cut(conn)
	default:
		f.open[conn] = true
	}
}

// cut closes a connection with a reset.
func cut(conn net.Conn) {
	if tcp, is := conn.(*net.TCPConn); is {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
}

// ServeHTTP needs some milliseconds, so that requests are in flight when the server goes down. What comes while it hangs has no
// answer, not even a late one.
func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	mode := f.mode
	f.mu.Unlock()
	switch mode {
	case "503":
		w.WriteHeader(http.StatusServiceUnavailable)
	case "hang":
		<-r.Context().Done()
	default:
		time.Sleep(5 * time.Millisecond)
	}
}

// down takes it down for a while.
func (f *faulty) down(b *testing.B, mode string, lasts time.Duration) downtime {
	f.mu.Lock()
	f.mode = mode
	start := f.clock.Now()
	if mode == "refuse" {
		f.listener.Close()
	}
	if mode == "refuse" || mode == "reset" {
		for conn := range f.open {
			cut(conn)
		}
		clear(f.open)
	}
	f.mu.Unlock()

	time.Sleep(lasts)

	if mode == "refuse" {
		f.server.Close()
		f.listen(b)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mode = ""
	return downtime{start, f.clock.Now()}
}
