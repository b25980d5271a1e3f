package load_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

func TestDueTimesAreRegularAndTheRateIsAchieved(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	stream := load.Stream{ID: 3, URL: server.URL, Profile: load.Constant(400)}
	samples, summary := collect(t, stream, atLeast(400))

	first := samples[0].Due
	due := map[event.Instant]bool{}
	late := time.Duration(0)
	for _, s := range samples {
		require.True(t, s.OK(), s.Cause)
		assert.Equal(t, 3, s.Stream)
		assert.False(t, due[s.Due], "two requests are due at once")
		due[s.Due] = true
		assert.Zero(t, s.Due.Sub(first)%(2500*time.Microsecond))
		assert.GreaterOrEqual(t, s.Start, s.Due)
		assert.Greater(t, s.End, s.Start)
		late += s.Late()
	}
	last := samples[len(samples)-1]
	rate := float64(len(samples)-1) / last.Start.Sub(samples[0].Start).Seconds()
	t.Logf("achieved %.1f/s of 400/s; sent %v late on average, %v at most", rate, late/time.Duration(len(samples)), summary.MaxLate)
	assert.InDelta(t, 400, rate, 40)
}

func TestAStallShowsInTheResponseTimeOnly(t *testing.T) {
	const stall = 400 * time.Millisecond
	var requests atomic.Int64
	stalled := make(chan struct{}, 1)
	stalled <- struct{}{}
	server := serve(t, func(http.ResponseWriter, *http.Request) {
		// One at a time, so that the requests behind the slow one cannot even be sent: there is one worker.
		<-stalled
		if requests.Add(1) == 10 {
			time.Sleep(stall)
		}
		stalled <- struct{}{}
	})
	samples, summary := collect(t, load.Stream{URL: server.URL, Profile: load.Constant(100), MaxInFlight: 1}, atLeast(60))

	var response, service int
	for _, s := range samples {
		if s.Response() > stall/2 {
			response++
		}
		if s.Service() > stall/2 {
			service++
		}
	}
	t.Logf("slower than %v: %d by response time, %d by service time", stall/2, response, service)
	assert.Equal(t, 1, service, "the one that stalled")
	assert.GreaterOrEqual(t, response, 15, "and those that were due meanwhile")
	assert.True(t, summary.Starved)
}

func TestStopCutsHangingRequestsShort(t *testing.T) {
	for name, fresh := range map[string]bool{"fresh": true, "reuse": false} {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan struct{}, 1024)
			server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				arrived <- struct{}{}
				<-r.Context().Done()
			})
			ctx, cancel := context.WithCancel(t.Context())
			stopped := make(chan time.Time, 1)
			go func() {
				for range 50 {
					<-arrived
				}
				stopped <- time.Now()
				cancel()
			}()
			stream := load.Stream{URL: server.URL, Profile: load.Constant(500), Timeout: 30 * time.Second, Fresh: fresh}
			samples := 0
			summary := stream.Run(ctx, newClock(), func(load.Sample) { samples++ })
			took := time.Since(<-stopped)

			t.Logf("stopped %v after the order, with %d requests in flight", took, summary.Cancelled)
			assert.Less(t, took, 5*time.Second) // far below the timeout; what it takes on a quiet machine is logged above
			assert.Zero(t, samples, "a request that was cancelled is not a sample")
			assert.GreaterOrEqual(t, summary.Cancelled, uint64(50))
			assert.Equal(t, summary.Offered, summary.Cancelled)
			assert.False(t, summary.Starved)
		})
	}
}

func TestStopDoesNotWaitForTheNextRequest(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	ctx, cancel := context.WithCancel(t.Context())
	var stopped time.Time
	samples := 0
	load.Stream{URL: server.URL, Profile: load.Constant(0.01)}.Run(ctx, newClock(), func(load.Sample) {
		samples++
		stopped = time.Now()
		cancel()
	})
	took := time.Since(stopped)
	t.Logf("stopped %v after the order", took)
	assert.Less(t, took, 5*time.Second) // far below the timeout; what it takes on a quiet machine is logged above
	assert.Equal(t, 1, samples)
}

func TestAStreamWithoutARateOffersNothing(t *testing.T) {
	assert.Zero(t, load.Stream{URL: "http://127.0.0.1:1"}.Run(t.Context(), newClock(), func(load.Sample) {}).Offered)
}

func TestStarvationIsSeen(t *testing.T) {
	arrived := make(chan struct{}, 16)
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for range 4 {
			<-arrived
		}
		time.Sleep(200 * time.Millisecond) // the fifth was due after 5 ms
		cancel()
	}()
	stream := load.Stream{URL: server.URL, Profile: load.Constant(200), Timeout: 30 * time.Second, MaxInFlight: 4}
	summary := stream.Run(ctx, newClock(), func(load.Sample) {})
	assert.True(t, summary.Starved)
	assert.Equal(t, uint64(4), summary.Offered)
}

func TestAStreamLeavesNothingRunning(t *testing.T) {
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "hang") {
			<-r.Context().Done()
		}
	})
	before := runtime.NumGoroutine()
	for _, path := range []string{"/", "/hang"} {
		for _, fresh := range []bool{true, false} {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			load.Stream{URL: server.URL + path, Profile: load.Constant(300), Fresh: fresh}.Run(ctx, newClock(), func(load.Sample) {})
			cancel()
		}
	}
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 10*time.Second, 10*time.Millisecond)
}

func TestFreshOpensAConnectionForEachRequest(t *testing.T) {
	for name, fresh := range map[string]bool{"fresh": true, "reuse": false} {
		t.Run(name, func(t *testing.T) {
			server, opened := countConnections(t, func(http.ResponseWriter, *http.Request) {})
			samples, summary := collect(t, load.Stream{URL: server.URL, Profile: load.Constant(200), Fresh: fresh}, atLeast(100))
			for _, s := range samples {
				assert.True(t, s.OK(), s.Cause)
			}
			if fresh {
				assert.InDelta(t, summary.Offered, opened.Load(), 1)
			} else {
				assert.Less(t, opened.Load(), int64(50))
			}
			t.Logf("%d connections for %d requests", opened.Load(), summary.Offered)
		})
	}
}

func TestRequestsAreWhatTheyShouldBe(t *testing.T) {
	seen := make(chan *http.Request, 1024)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		w.Header().Set("X-Pod", "web-1")
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusFound)
	})
	stream := load.Stream{Method: http.MethodHead, URL: server.URL + "/a?b=c", PodHeader: "X-Pod", Profile: load.Constant(100)}
	samples, _ := collect(t, stream, atLeast(3))

	assert.Equal(t, "web-1", samples[0].Pod)
	assert.Equal(t, http.StatusFound, samples[0].Status)
	assert.True(t, samples[0].OK(), "a redirect is an answer")
	r := <-seen
	assert.Equal(t, http.MethodHead, r.Method)
	assert.Equal(t, "/a?b=c", r.URL.String(), "and is not followed")
	assert.Equal(t, "chaosctl", r.Header.Get("User-Agent"))
	assert.Equal(t, 1, r.ProtoMajor)
	for name := range r.Header {
		assert.NotContains(t, name, "Vegeta")
	}
}

func TestRequestsCarryWhatTheyShould(t *testing.T) {
	type request struct {
		body, kind, agent, host string
		length                  int64
	}
	seen := make(chan request, 1024)
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body) // what is missing of it shows below
		seen <- request{string(text), r.Header.Get("Content-Type"), r.Header.Get("User-Agent"), r.Host, r.ContentLength}
	})
	stream := load.Stream{
		Method: http.MethodPost, URL: server.URL, Host: "shop.example", Profile: load.Constant(100),
		Header: http.Header{"Content-Type": {"application/json"}, "User-Agent": {"somebody"}}, Body: []byte(`{"key":"a"}`),
	}
	samples, _ := collect(t, stream, atLeast(3))
	assert.True(t, samples[0].OK())
	for range 3 { // each of them, not only the first
		assert.Equal(t, request{`{"key":"a"}`, "application/json", "somebody", "shop.example", 11}, <-seen)
	}
	for len(seen) > 0 {
		<-seen
	}
	_, err := stream.Ask(t.Context())
	require.NoError(t, err)
	assert.Equal(t, request{`{"key":"a"}`, "application/json", "somebody", "shop.example", 11}, <-seen, "what is asked before a run is what a run asks")
}

func TestOnlyAKeptConnectionHasASecondAttempt(t *testing.T) {
	for name, test := range map[string]struct {
		fresh bool
		want  load.Cause
	}{"fresh": {true, load.Reset}, "reuse": {false, load.None}} {
		t.Run(name, func(t *testing.T) {
			var arrived atomic.Int64
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if arrived.Add(1) == 2 {
					conn, _, err := w.(http.Hijacker).Hijack()
					if assert.NoError(t, err) {
						cut(conn)
					}
				}
			})
			samples, _ := collect(t, load.Stream{URL: server.URL, Profile: load.Constant(20), Fresh: test.fresh}, atLeast(3))
			assert.Equal(t, []load.Cause{load.None, test.want, load.None},
				[]load.Cause{samples[0].Cause, samples[1].Cause, samples[2].Cause})
		})
	}
}
