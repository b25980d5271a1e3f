package load_test

import (
	"context"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// faulty is a server that goes down on purpose and writes down when. It needs some milliseconds for an answer, so that
// requests are in flight when it goes.
type faulty struct {
	clock   event.Clock
	address string

	mu       sync.Mutex
	mode     string
	server   *http.Server
	listener net.Listener
	open     map[net.Conn]bool
	windows  []downtime
}

// downtime is one span in which the server was down, by its own clock.
type downtime struct {
	mode       string
	start, end event.Instant
}

func newFaulty(t *testing.T, clock event.Clock) *faulty {
	f := &faulty{clock: clock, address: "127.0.0.1:0", open: map[net.Conn]bool{}}
	f.listen(t)
	t.Cleanup(func() { f.server.Close() })
	return f
}

func (f *faulty) listen(t *testing.T) {
	listener, err := net.Listen("tcp", f.address)
	require.NoError(t, err)
	f.address, f.listener = listener.Addr().String(), listener
	f.server = &http.Server{Handler: f, ConnState: f.track, ErrorLog: discard}
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
	_ = conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

func (f *faulty) cutAll() {
	for conn := range f.open {
		cut(conn)
	}
	clear(f.open)
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	mode := f.mode
	f.mu.Unlock()
	if mode == "503" {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	time.Sleep(5 * time.Millisecond)
}

// down takes the server down in one of three ways.
func (f *faulty) down(t *testing.T, mode string, lasts time.Duration) {
	f.mu.Lock()
	f.mode = mode
	start := f.clock.Now()
	switch mode {
	case "refuse":
		f.listener.Close()
		f.cutAll()
	case "reset":
		f.cutAll()
	}
	f.mu.Unlock()

	time.Sleep(lasts)

	if mode == "refuse" {
		f.server.Close()
		f.listen(t)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mode = ""
	f.windows = append(f.windows, downtime{mode, start, f.clock.Now()})
}

// TestOutagesAgainstTheTruth takes a server down twenty times for 20 ms to 1 s, and compares what two streams saw with
// what the server wrote down.
func TestOutagesAgainstTheTruth(t *testing.T) {
	const rate = 500.0
	clock := newClock()
	server := newFaulty(t, clock)
	streams := []load.Stream{
		{ID: 0, Name: "fresh", Profile: load.Constant(rate), Fresh: true, URL: "http://" + server.address},
		{ID: 1, Name: "reuse", Profile: load.Constant(rate), URL: "http://" + server.address},
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	seen := []*witness{{tally: load.NewTally(streams)}, {tally: load.NewTally(streams)}}
	var running sync.WaitGroup
	for i, s := range streams {
		running.Go(func() { s.Run(ctx, clock, seen[i].add) })
	}

	random := rand.New(rand.NewPCG(7, 7))
	lasts := make([]time.Duration, 20)
	for i := range lasts {
		lasts[i] = time.Duration(20 * math.Pow(50, float64(i)/19) * float64(time.Millisecond))
	}
	random.Shuffle(len(lasts), func(i, j int) { lasts[i], lasts[j] = lasts[j], lasts[i] })
	time.Sleep(100 * time.Millisecond)
	for i, d := range lasts {
		server.down(t, []string{"refuse", "503", "reset"}[i%3], d)
		time.Sleep(100*time.Millisecond + time.Duration(random.IntN(5000))*time.Microsecond)
	}
	stop()
	running.Wait()

	for i, s := range streams {
		t.Run(s.Name, func(t *testing.T) {
			seen[i].compare(t, server.windows, seen[i].tally.Stream(i).Outages(), rate)
		})
	}
}

// witness tallies what one stream saw, and notes when this machine was too busy for the figures to tell of the server.
type witness struct {
	tally *load.Tally
	busy  []event.Instant
}

func (w *witness) add(s load.Sample) {
	w.tally.Add(s)
	if s.Late() > 5*time.Millisecond || s.OK() && s.Service() > 12*time.Millisecond {
		w.busy = append(w.busy, s.Due)
	}
}

// disturbed says whether the machine was busy near either end of a span.
func (w *witness) disturbed(d downtime) bool {
	return slices.ContainsFunc(w.busy, func(i event.Instant) bool {
		return i.Sub(d.start).Abs() < 30*time.Millisecond || i.Sub(d.end).Abs() < 30*time.Millisecond
	})
}

func (w *witness) compare(t *testing.T, truth []downtime, found load.Outages, rate float64) {
	var errors []float64 // in milliseconds
	within, disturbed := 0, 0
	for _, d := range truth {
		var best load.Outage
		for _, o := range found.List {
			if o.Overlaps(load.Window{Start: d.start, End: d.end}) && o.Duration() > best.Duration() {
				best = o
			}
		}
		inMs := func(d time.Duration) float64 { return d.Seconds() * 1e3 }
		off, note := inMs(best.Duration()-d.end.Sub(d.start)), ""
		switch {
		case w.disturbed(d):
			disturbed++
			note = ", not counted: the machine was busy"
		default:
			errors = append(errors, math.Abs(off))
			if math.Abs(off) <= inMs(best.Resolution) {
				within++
			}
		}
		t.Logf("%-6s %8.2f ms, error %+6.2f ms (start %+6.2f, end %+6.2f), resolution %5.2f ms%s", d.mode, inMs(d.end.Sub(d.start)),
			off, inMs(best.Start.Sub(d.start)), inMs(best.End.Sub(d.end)), inMs(best.Resolution), note)
	}
	if len(errors) < len(truth)/2 {
		t.Skipf("the machine was too busy to measure on: %d of %d windows were disturbed", disturbed, len(truth))
	}
	slices.Sort(errors)
	median := errors[len(errors)/2]
	t.Logf("median |error| %.2f ms = %.2f/rate, largest %.2f ms; %d of %d within their resolution; %d outages found",
		median, median*rate/1e3, errors[len(errors)-1], within, len(errors), found.Count)
	assert.LessOrEqual(t, median, 1.2/rate*1e3)
}
