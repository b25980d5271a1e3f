package attribution_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/attribution"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// mode is what a server does with requests.
type mode int

const (
	closed  mode = iota // its port is closed
	warming             // it answers 503, since it has only begun
	serving
	failing // it answers 500
	stalled // it does not answer
	sloppy  // it cuts every fifth answer off
)

// entry is what a server writes down of a request.
type entry struct {
	arrived event.Instant
	class   attribution.Class // of its failure; "" for one that it answered well
	taken   bool
}

// turn is what a server writes down of itself: from when on which class a request is of that finds the port closed.
type turn struct {
	at    event.Instant
	class attribution.Class
}

// server stands in for a pod, with an address of its own. It writes down what it did to each request.
type server struct {
	clock   event.Clock
	address string

	mu       sync.Mutex
	mode     mode
	told     event.Instant // when it was told to stop; 0 before
	opened   event.Instant // when it first opened its port
	n        int
	http     *http.Server
	listener net.Listener
	open     map[net.Conn]bool
	end      chan struct{} // is closed when the process dies
	entries  []*entry
	turns    []turn
}

const work = 15 * time.Millisecond

// up opens the port.
func (s *server) up(t *testing.T, m mode) {
	listener, err := net.Listen("tcp", s.address)
	require.NoError(t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened == 0 {
		s.opened = s.clock.Now()
	}
	s.mode, s.end, s.open = m, make(chan struct{}), map[net.Conn]bool{}
	s.listener, s.http = listener, &http.Server{Handler: s, ConnState: s.track, ErrorLog: log.New(io.Discard, "", 0)}
	go s.http.Serve(listener)
}

func (s *server) track(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateClosed || state == http.StateHijacked {
		delete(s.open, conn)
		return
	}
	s.open[conn] = true
}

// die closes the port and cuts all connections, as the end of a process does.
func (s *server) die(finds attribution.Class) {
	s.mu.Lock()
	s.listener.Close()
	s.mode = closed
	close(s.end)
	for conn := range s.open {
		_ = conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
	s.turns = append(s.turns, turn{s.clock.Now(), finds})
	s.mu.Unlock()
	s.http.Close()
}

func (s *server) become(m mode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode = m
}

// tell is SIGTERM.
func (s *server) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = s.clock.Now()
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	e := &entry{arrived: s.clock.Now()}
	s.entries = append(s.entries, e)
	s.n++
	m, told, end, drop := s.mode, s.told != 0, s.end, s.n%5 == 0
	s.mu.Unlock()
	wait := work
	if m == stalled {
		wait = time.Minute
	}
	died := false
	select {
	case <-time.After(wait):
	case <-end:
		died = true
	case <-r.Context().Done():
	}
	s.mu.Lock()
	drop = drop && m == sloppy && !died
	switch {
	case told && died:
		e.class = attribution.Stale
	case died:
		e.class = attribution.InFlight
	case m == stalled:
		e.class = attribution.Unanswered
	case m == warming:
		e.class = attribution.Starting
		w.WriteHeader(http.StatusServiceUnavailable)
	case m == failing:
		e.class = attribution.Rejected
		w.WriteHeader(http.StatusInternalServerError)
	case drop:
		e.class = attribution.Unanswered
	}
	s.mu.Unlock()
	if !drop {
		return
	}
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		_ = conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
}

// truth is what the server says of a failed request: what it wrote down of it, or of the time in which it came.
func (s *server) truth(sample load.Sample) attribution.Class {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if !e.taken && e.arrived >= sample.Start && e.arrived <= sample.End {
			e.taken = true
			if e.class != "" {
				return e.class
			}
			break // its answer was on the way when the end came
		}
	}
	class := attribution.Starting // nothing has begun yet
	if sample.Start >= s.opened {
		class = attribution.Unanswered
	}
	for _, turn := range s.turns {
		switch inHand := sample.Cause == load.Reset || sample.Cause == load.EOF; {
		case turn.at > sample.End:
		case turn.at <= sample.Start || !inHand:
			class = turn.class
		default:
			// It had been let in, and not looked at, when the end came.
			if s.told != 0 && s.told <= sample.Start {
				return attribution.Stale
			}
			return attribution.InFlight
		}
	}
	return class
}

// cluster plays the part of what watches show, some time later.
type cluster struct {
	mu     sync.Mutex
	clock  event.Clock
	random *rand.Rand
	events []event.Event
}

// show records what a watch shows of now, late by some milliseconds.
func (c *cluster) show(payloads ...event.Payload) { c.later(0, payloads...) }

func (c *cluster) later(by time.Duration, payloads ...event.Payload) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.clock.Now().Add(by + time.Duration(c.random.IntN(8_000))*time.Microsecond)
	for _, p := range payloads {
		c.events = append(c.events, event.Event{At: at, Payload: p})
	}
}

// now records what the run does itself.
func (c *cluster) now(p event.Payload) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, event.Event{At: c.clock.Now(), Payload: p})
}

func (c *cluster) history(streams ...event.StreamStarted) *attribution.History {
	h := attribution.NewHistory()
	for _, s := range streams {
		h.Emit(event.Event{Payload: s})
	}
	h.Emit(event.Event{Payload: event.WatchMeasured{Writes: 20, Median: 0.004, Max: 0.008}})
	slices.SortStableFunc(c.events, func(a, b event.Event) int { return int(a.At - b.At) })
	for _, e := range c.events {
		h.Emit(e)
	}
	return h
}

// actor is one pod: the server, and what the cluster says of it.
type actor struct {
	*server
	*cluster
	t        *testing.T
	i        int
	restarts int
}

func (a *actor) uid() string { return fmt.Sprintf("u%d", a.i) }

func (a *actor) pod(change func(*event.PodObserved)) event.PodObserved {
	host, _, _ := net.SplitHostPort(a.address)
	p := event.PodObserved{
		UID: a.uid(), Name: "web-" + a.uid(), Node: "node1", Target: true, Scheduled: true, Prepared: true, Running: true, Ready: true,
		Restarts: a.restarts, Addresses: host,
	}
	if change != nil {
		change(&p)
	}
	return p
}

func (a *actor) endpoint(ready bool) event.EndpointObserved {
	return event.EndpointObserved{Service: "web", PodUID: a.uid(), Pod: "web-" + a.uid(), Ready: ready, Removed: !ready}
}

// begin is a pod that was there before the run.
func (a *actor) begin() {
	a.up(a.t, serving)
	a.events = append(a.events,
		event.Event{Payload: a.pod(func(p *event.PodObserved) { p.Initial = true })},
		event.Event{Payload: event.EndpointObserved{Service: "web", PodUID: a.uid(), Pod: "web-" + a.uid(), Ready: true, Initial: true}})
}

func (a *actor) stop() {
	change := event.ChangeUpdated{ID: "kill/" + a.uid(), Fault: "kill", Verb: "delete", Object: event.Object{Kind: "Pod", Name: "web-" + a.uid(), UID: a.uid()}}
	for _, state := range []event.ChangeState{event.ChangeSent, event.ChangeApplied} {
		change.State = state
		a.now(change)
	}
	a.tell()
	a.show(a.pod(func(p *event.PodObserved) { p.Terminating = true }))
	a.later(30*time.Millisecond, a.endpoint(false))
}

// The lives of pods. Times are those of the script; what is judged are the servers' own records.
func (a *actor) abrupt() {
	time.Sleep(3 * time.Second)
	a.stop()
	time.Sleep(5 * time.Millisecond)
	a.die(attribution.Stale)
	a.later(700*time.Millisecond, a.pod(func(p *event.PodObserved) { p.Terminating, p.Running, p.Ready, p.Gone = true, false, false, true }))
}

func (a *actor) drained() {
	time.Sleep(5 * time.Second)
	a.stop()
	time.Sleep(800 * time.Millisecond)
	a.die(attribution.Stale)
	a.later(200*time.Millisecond, a.pod(func(p *event.PodObserved) { p.Terminating, p.Running, p.Ready, p.Gone = true, false, false, true }))
}

func (a *actor) crashed() {
	time.Sleep(7500 * time.Millisecond)
	for range 3 {
		time.Sleep(700 * time.Millisecond)
		a.die(attribution.Starting)
		time.Sleep(300 * time.Millisecond)
		a.show(a.pod(func(p *event.PodObserved) { p.Running, p.Ready = false, false }), a.endpoint(false))
		time.Sleep(200 * time.Millisecond)
		a.restarts++
		a.up(a.t, warming)
		a.show(a.pod(nil), a.endpoint(true))
		time.Sleep(200 * time.Millisecond)
		a.become(serving)
	}
}

func (a *actor) late() {
	time.Sleep(1200 * time.Millisecond)
	a.show(a.pod(nil), a.endpoint(true))
	time.Sleep(300 * time.Millisecond)
	a.up(a.t, warming)
	time.Sleep(800 * time.Millisecond)
	a.become(serving)
}

func (a *actor) ill() {
	time.Sleep(13 * time.Second)
	for _, m := range []mode{stalled, serving, failing, serving, sloppy, serving} {
		time.Sleep(500 * time.Millisecond)
		a.become(m)
	}
}

// TestAgainstTheTruth lets five servers stop, die, start, stall and fail while each of them is under load, and compares what is found out
// of each failed request with what the servers themselves have written down.
func TestAgainstTheTruth(t *testing.T) {
	clock := event.NewClock(time.Now())
	c := &cluster{clock: clock, random: rand.New(rand.NewPCG(3, 3))}
	var actors []*actor
	for i := range 5 {
		address := fmt.Sprintf("127.0.0.%d:0", 11+i)
		probe, err := net.Listen("tcp", address)
		if err != nil {
			t.Skipf("this machine has no further addresses on its loopback: %v", err)
		}
		address = probe.Addr().String()
		probe.Close()
		a := &actor{server: &server{clock: clock, address: address}, cluster: c, t: t, i: i}
		t.Cleanup(func() {
			if a.http != nil {
				a.http.Close()
			}
		})
		actors = append(actors, a)
	}
	lives := []func(){actors[0].abrupt, actors[1].drained, actors[2].crashed, actors[3].late, actors[4].ill}
	for i, a := range actors {
		if i != 3 {
			a.begin()
			continue
		}
		a.events = append(a.events, event.Event{Payload: a.pod(func(p *event.PodObserved) { p.Running, p.Ready = false, false })})
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var streams []event.StreamStarted
	var mu sync.Mutex
	var samples []load.Sample
	var running, living sync.WaitGroup
	for i, a := range actors {
		s := load.Stream{ID: i, Name: "direct", Fresh: true, Profile: load.Constant(40), URL: "http://" + a.address + "/", Timeout: 400 * time.Millisecond}
		streams = append(streams, event.StreamStarted{ID: i, Name: s.Name, Connections: "fresh", URL: s.URL, Via: "url"})
		running.Go(func() {
			s.Run(ctx, clock, func(sample load.Sample) {
				mu.Lock()
				defer mu.Unlock()
				samples = append(samples, sample)
			})
		})
		living.Go(lives[i])
	}
	living.Wait()
	time.Sleep(500 * time.Millisecond)
	stop()
	running.Wait()
	slices.SortStableFunc(samples, func(a, b load.Sample) int { return int(a.End - b.End) })

	truth := make([]attribution.Class, len(samples))
	for _, i := range byStart(samples) { // a request is the one that the server saw first of those that it may have been
		truth[i] = actors[samples[i].Stream].truth(samples[i])
	}
	disturbed := disturbances(samples)
	failed, doubtful := 0, 0
	for i, s := range samples {
		if !s.OK() {
			failed++
			if disturbed(s) {
				doubtful, truth[i] = doubtful+1, doubt
			}
		}
	}
	t.Logf("%d of %d failures are not compared: the machine was busy, so that it is not sure which request the servers saw", doubtful, failed)
	if doubtful > failed/2 {
		t.Skip("the machine is too busy to measure on")
	}
	end := clock.Now()
	direct := &matrix{}
	join := attribution.NewJoin(c.history(streams...), 0, end)
	direct.compare(join, samples, truth)
	t.Logf("direct, %d failures of %d requests:\n%s", direct.total(), len(samples), direct)
	assert.GreaterOrEqual(t, direct.share(func(was, is attribution.Class) bool { return was == is }), 0.99)
	assert.EqualValues(t, failed, join.Result().Failures)
	assert.EqualValues(t, failed, join.Result().Exact)

	// The same requests as if they had gone through a Service, of those pods that it had at the time: then the pods of those that were
	// not answered are not known, and without names those of the others neither.
	for _, named := range []bool{true, false} {
		behind := &matrix{}
		inferring := attribution.NewJoin(c.history(event.StreamStarted{ID: 0, Name: "web", Connections: "fresh", URL: "http://10.96.0.1/", Via: "cluster IP", Service: "web"}), 0, end)
		var sent []load.Sample
		var was []attribution.Class
		for i, s := range samples {
			uid := actors[s.Stream].uid()
			if !c.published(uid, s.Start) {
				continue
			}
			s.Stream, s.Peer = 0, load.Peer{Address: "10.96.0.1"}
			if named && s.Status != 0 {
				s.Pod = "web-" + uid
			}
			sent, was = append(sent, s), append(was, truth[i])
		}
		behind.compare(inferring, sent, was)
		t.Logf("through a Service, answers named: %v, %d failures of %d requests:\n%s", named, behind.total(), len(sent), behind)
		assert.LessOrEqual(t, behind.share(func(was, is attribution.Class) bool { return was != is && is != attribution.Unknown }), 0.05)
	}
}

// doubt stands for what the servers cannot tell.
const doubt = attribution.Class("?")

// disturbances finds the requests near to which this machine was busy, so that what was sent and what was seen do not follow each
// other as they should.
func disturbances(samples []load.Sample) func(load.Sample) bool {
	var busy []event.Instant
	for _, s := range samples {
		if s.Late() > 15*time.Millisecond || s.OK() && s.Service() > work+40*time.Millisecond {
			busy = append(busy, s.Start, s.End)
		}
	}
	slices.Sort(busy)
	near := func(at event.Instant) bool {
		i, _ := slices.BinarySearch(busy, at.Add(-30*time.Millisecond))
		return i < len(busy) && busy[i] <= at.Add(30*time.Millisecond)
	}
	return func(s load.Sample) bool { return near(s.Start) || near(s.End) }
}

// published says whether a pod was a ready endpoint at an instant, or had been 100 ms before, which is how long a Service takes here.
func (c *cluster) published(uid string, at event.Instant) bool {
	ready := false
	for _, e := range c.events {
		if p, ok := e.Payload.(event.EndpointObserved); ok && p.PodUID == uid {
			if p.Ready && e.At <= at {
				ready = true
			} else if !p.Ready && e.At.Add(100*time.Millisecond) <= at {
				ready = false
			}
		}
	}
	return ready
}

func byStart(samples []load.Sample) []int {
	order := make([]int, len(samples))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(samples[a].Start - samples[b].Start) })
	return order
}

// matrix counts what failures were against what they were taken for.
type matrix map[[2]attribution.Class]uint64

func (m *matrix) compare(join *attribution.Join, samples []load.Sample, truth []attribution.Class) {
	before := map[attribution.Class]uint64{}
	*m = matrix{}
	for i, s := range samples {
		join.Add(s)
		if s.OK() {
			continue
		}
		for _, c := range join.Result().Classes {
			if c.Failures > before[c.Class] {
				before[c.Class] = c.Failures
				if truth[i] == doubt {
					continue
				}
				(*m)[[2]attribution.Class{truth[i], c.Class}]++
			}
		}
	}
}

func (m *matrix) total() (n uint64) {
	for _, count := range *m {
		n += count
	}
	return n
}

func (m *matrix) share(of func(was, is attribution.Class) bool) float64 {
	n := uint64(0)
	for pair, count := range *m {
		if of(pair[0], pair[1]) {
			n += count
		}
	}
	return float64(n) / float64(m.total())
}

func (m *matrix) String() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	var shown []attribution.Class
	for _, c := range append(attribution.Classes(), "") {
		for pair := range *m {
			if (pair[0] == c || pair[1] == c) && !slices.Contains(shown, c) {
				shown = append(shown, c)
			}
		}
	}
	fmt.Fprint(w, "was \\ taken for\t")
	for _, c := range shown {
		fmt.Fprintf(w, "%s\t", c)
	}
	fmt.Fprintln(w)
	for _, was := range shown {
		fmt.Fprintf(w, "%s\t", was)
		for _, is := range shown {
			fmt.Fprintf(w, "%d\t", (*m)[[2]attribution.Class{was, is}])
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
	right := m.share(func(was, is attribution.Class) bool { return was == is })
	unknown := m.share(func(_, is attribution.Class) bool { return is == attribution.Unknown })
	fmt.Fprintf(&text, "right %.2f %%, unknown %.2f %%, wrong %.2f %%", 100*right, 100*unknown, 100*(1-right-unknown))
	return text.String()
}
