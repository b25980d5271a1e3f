package load

import (
	"cmp"
	"context"
	"maps"
	"math"
	"net/http"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/trust"
)

// Stream is one open-loop stream of requests: by HTTP, or whatever else it says.
type Stream struct {
	// ID numbers the stream in the sample file; Name is shared by the streams of one load.
	ID   int
	Name string
	// Fresh opens a connection for each request. Otherwise connections are kept and used again, which hides what a load
	// balancer does to new ones.
	//
	// On a kept connection that the server has closed meanwhile, net/http sends an idempotent request again on another
	// connection, once it sees that no byte of an answer came. Such a request is one sample, from the start of the first
	// attempt, and succeeds if the second does; if that is refused, the cause is Reset. This is what clients written in Go see, and most others do likewise, so it is left as it is; a fresh
	// stream has no second attempts.
	Fresh bool
	// TCP, where it is not nil, has each request be a connection to the host and port of URL, as in tcp://shop.example:5432. Fresh is
	// then true in any case, and none of what is sent by HTTP is.
	TCP *TCP
	// GRPC, where it is not nil, has each request be a call. URL is then one as grpc://shop.example:9090/package.Service/Method, grpcs://
	// for TLS; Method, Body and Expected are not used, and Header is the metadata.
	GRPC *GRPC
	// Method is GET where it is empty.
	Method, URL string
	// Host is the name that is asked for; that of the URL where it is empty.
	Host string
	// Header is sent with each request, beside what this program calls itself, and Body is what each carries.
	Header http.Header
	Body   []byte
	// PodHeader names the header of an answer that carries the name of the pod; may be empty.
	PodHeader string
	// Authorization is how the server lets the stream in.
	Authorization Authorization
	// Certificate is what the server is shown by TLS.
	Certificate Certificate
	// TLS says how the certificate of the server is verified; by the system's authorities where it is nil.
	TLS *trust.Trust
	// Expected is what an answer must be; where it is nil, any with a status of 2xx or 3xx.
	Expected *Expected
	// Profile is the rate of requests over time.
	Profile Profile
	// Timeout ends a request that has no whole answer; 2 s where it is 0.
	Timeout time.Duration
	// MaxInFlight bounds the requests in flight. Where it is 0, as many as can be in flight at the peak of the rate when
	// none is answered, with headroom: a bound that is never met unless this machine is too slow.
	MaxInFlight int
}

// Summary is what one run of a stream was like.
type Summary struct {
	// Offered counts the requests that were sent; Samples those that were passed on; Cancelled those that were in flight
	// when the run was stopped.
	Offered, Samples, Cancelled uint64
	// Late counts samples that were sent more than 50 ms after they were due; MaxLate is the worst delay of all.
	Late    uint64
	MaxLate time.Duration
	// Waited counts requests that were late for want of a free worker.
	Waited uint64
	// Starved says that the figures tell more of this machine than of the server: requests waited for a free worker,
	// could not be sent for want of ports or descriptors, or more than a twentieth of them, and more than a few, were late.
	Starved bool
	// Shared says that answers on one connection came from several pods: something in between chooses one for each request.
	Shared bool
	// Examples holds the text of the first error of each cause.
	Examples map[Cause]string
}

// userAgent is what the streams call themselves.
const userAgent = "chaosctl"

// Run offers requests until ctx ends, and passes every sample to each, from one goroutine, in the order in which the
// requests ended. It returns when all of them have been passed on, within milliseconds of the end of ctx: requests that
// are in flight by then are cancelled, and are not samples, since they neither succeeded nor failed.
//
// A slow each holds the stream up. Several streams may run at once, each with its own Run.
func (s Stream) Run(ctx context.Context, clock event.Clock, each func(Sample)) Summary {
	// Requests end with a context of their own, after the order to stop: if they ended with ctx, a worker freed by that could
	// pick up the request that waits for one, and hide that it had to wait.
	requests, cancelRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelRequests()
	asker := newAsker(requests, s)
	defer asker.close()
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: asker, CheckRedirect: doNotFollow}),
		vegeta.Workers(min(uint64(s.maxInFlight()), vegeta.DefaultWorkers)),
		vegeta.MaxWorkers(uint64(s.maxInFlight())),
		vegeta.MaxBody(0), // the body is read and discarded, not kept
	)
	pacer := newPacer(ctx, clock, s)
	defer context.AfterFunc(ctx, func() {
		pacer.noteBlocked() // the request that is waiting now will never be sent
		attacker.Stop()
		cancelRequests()
	})()

	targeter := s.targeter(pacer)
	summary := Summary{Examples: map[Cause]string{}}
	for result := range attacker.Attack(targeter, pacer, 0, "") {
		pacer.inFlight.Add(-1)
		summary.Offered++
		outcome, known := asker.take(result.Seq)
		if outcome.cancelled || !known && ctx.Err() != nil {
			summary.Cancelled++
			continue
		}
		sample := s.sample(clock, pacer.due(result.Seq), result, outcome)
		summary.add(sample, s.Authorization.told(sample.Cause, cmp.Or(outcome.unmet, outcome.said, result.Error)))
		each(sample)
	}
	summary.Waited, summary.Shared = pacer.waited.Load(), asker.mixed()
	summary.Starved = summary.Waited > 0 || summary.Examples[Local] != "" || summary.Late > 10+summary.Samples/20
	return summary
}

// targeter is called by a worker that has picked a request up.
func (s Stream) targeter(pacer *pacer) vegeta.Targeter {
	method, header, body := s.method(), s.header(), s.body()
	if s.Host != "" {
		header.Set("Host", s.Host) // vegeta makes the request's host of it
	}
	return func(target *vegeta.Target) error {
		pacer.inFlight.Add(1)
		target.Method, target.URL, target.Header, target.Body = method, s.URL, header, body
		return nil
	}
}

// sample joins what vegeta, the pacer and the transport know of a request. vegeta numbers requests in the order in which
// workers pick them up, which is the order of due times.
func (s Stream) sample(clock event.Clock, due event.Instant, result *vegeta.Result, o outcome) Sample {
	start := clock.At(result.Timestamp)
	end := start.Add(result.Latency)
	if !o.end.IsZero() {
		end = clock.At(o.end)
	}
	sample := Sample{
		Stream: s.ID,
		Due:    due,
		Start:  start,
		End:    end,
		Status: o.status,
		Cause:  o.cause(),
		Pod:    o.pod,
	}
	if !sample.OK() {
		sample.Peer = o.peer
	}
	return sample
}

func (s *Summary) add(sample Sample, text string) {
	s.Samples++
	s.MaxLate = max(s.MaxLate, sample.Late())
	if sample.Late() > lateAfter {
		s.Late++
	}
	if _, known := s.Examples[sample.Cause]; !known && !sample.OK() {
		s.Examples[sample.Cause] = text
	}
}

// header is what is sent with each request.
func (s Stream) header() http.Header {
	header := http.Header{"User-Agent": {userAgent}}
	maps.Copy(header, s.Header)
	if s.GRPC != nil {
		s.GRPC.addHeader(header, s.timeout())
	}
	return header
}

func (s Stream) method() string {
	if s.GRPC != nil {
		return http.MethodPost
	}
	return cmp.Or(s.Method, http.MethodGet)
}

func (s Stream) body() []byte {
	if s.GRPC != nil {
		return s.GRPC.body()
	}
	return s.Body
}

func doNotFollow(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (s Stream) timeout() time.Duration {
	if s.Timeout <= 0 {
		return 2 * time.Second
	}
	return s.Timeout
}

// maxInFlight bounds the workers. The headroom covers bursts after this machine was busy with something else; the upper
// end keeps a high rate with a long timeout from using up descriptors and memory.
func (s Stream) maxInFlight() int {
	if s.MaxInFlight > 0 {
		return s.MaxInFlight
	}
	need := math.Ceil(s.Profile.Peak() * s.timeout().Seconds())
	return int(min(need*1.25+32, 16_384))
}
