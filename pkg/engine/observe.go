package engine

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/timeline"
)

// observe starts everything that measures: the watches first, so that nothing that the run does is missed, then the
// streams and the probes. They run until ctx ends; a failure of theirs that makes the run worthless ends it by cancel.
func (r *Run) observe(ctx context.Context, cancel context.CancelCauseFunc) (*sync.WaitGroup, error) {
	var wait sync.WaitGroup
	r.recorder = timeline.NewRecorder(r.Plan.connection.Watch, r.Plan.Workload, r.Log)
	listed := make(chan error, 2) // for the first lists, and for the end of the watches
	r.spawn(&wait, cancel, func() {
		listed <- r.recorder.Run(ctx, func() { listed <- nil })
	})
	select {
	case err := <-listed:
		if err != nil && ctx.Err() == nil {
			return &wait, &Stop{Outcome: event.Failed, Reason: err.Error(), err: err}
		}
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return &wait, stopOf(ctx)
	}
	if configured, ok := r.Plan.configured(); ok {
		r.Log.Record(configured)
	}
	r.baseline.counts = map[string]count{}
	watches := newAborts(r.Plan.Experiment.Spec.AbortIf, cancel)
	for _, s := range r.Plan.Streams() {
		r.Log.Record(s.started)
		r.spawn(&wait, cancel, func() { r.stream(ctx, s, watches) })
	}
	r.probing = newProbing(ctx, world{r.Plan.connection.Objects(r.Plan.Workload.Namespace), r.Plan.connection, r.Plan.Workload})
	for _, p := range r.Plan.Experiment.Spec.Probes {
		r.spawn(&wait, cancel, func() { r.watchProbe(ctx, p, watches) })
	}
	return &wait, nil
}

// spawn runs a goroutine whose panic ends the run, undo included, in place of the process.
func (r *Run) spawn(wait *sync.WaitGroup, cancel context.CancelCauseFunc, do func()) {
	wait.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				r.warn("internal error: %v\n%s", p, debug.Stack())
				cancel(&Stop{Outcome: event.Failed, Reason: fmt.Sprintf("internal error: %v", p)})
			}
		}()
		do()
	})
}

// stream offers the requests of one until ctx ends.
func (r *Run) stream(ctx context.Context, s Stream, watches *aborts) {
	summary := s.Run(ctx, r.Log.Clock, func(sample load.Sample) { r.sample(s, sample, watches) })
	r.Log.Record(event.StreamEnded{ID: s.ID, Starved: summary.Starved, Unexpected: summary.Examples[load.Unexpected], Shared: summary.Shared})
}

// sample passes a request on to all who want it.
func (r *Run) sample(of Stream, s load.Sample, watches *aborts) {
	// A sample that cannot be written shows as an error when the file is closed; the run and its undo go on.
	_ = r.Samples.Write(s)
	r.baseline.add(of.Name, s.OK())
	r.answers.add(s, of.Fresh)
	watches.request(of.Name, s)
	if r.Observe != nil {
		r.Observe(s)
	}
}

// Stream is a stream of requests and the event that announces it.
type Stream struct {
	load.Stream
	// Shape is the stream's part of the load's rate over time.
	Shape   experiment.Profile
	started event.StreamStarted
}

// Streams lists the streams of all loads. A load with both kinds of connection makes two, with half of the rate each.
func (p *Plan) Streams() []Stream {
	var all []Stream
	for i, l := range p.Experiment.Spec.Load {
		shape := l.StreamShape()
		for k, s := range p.streamsOf(i, l) {
			s.ID = len(all)
			kind := l.Streams()[k]
			started := event.StreamStarted{
				ID: s.ID, Name: s.Name, Connections: string(kind), Method: s.Method, URL: s.URL, Via: p.Routes[i].Via, Service: p.Routes[i].Service,
				Rate: s.Profile.Peak(), Timeout: s.Timeout.Seconds(),
			}
			if shape.Constant == nil {
				started.Profile = shape.String()
			}
			all = append(all, Stream{s, shape, started})
		}
	}
	return all
}

// streamsOf are those of a load, which goes where the i-th of the experiment does, one for each kind of connection.
func (p *Plan) streamsOf(i int, l experiment.Load) []load.Stream {
	var all []load.Stream
	var authorization load.Authorization
	var certificate load.Certificate
	if i < len(p.authorizations) {
		authorization, certificate = p.authorizations[i], p.certificates[i]
	}
	for _, kind := range l.Streams() {
		s := load.Stream{
			Name: l.Name, Fresh: kind == experiment.Fresh, URL: p.Routes[i].URL, PodHeader: l.Destination().PodHeader, Authorization: authorization, Certificate: certificate,
			Profile: load.ProfileOf(l.StreamShape()), Timeout: l.Timeout.Std(),
		}
		if h := l.HTTP; h != nil {
			s.Method, s.Host, s.Header, s.Body = h.Method, h.Host, headerOf(h.Headers), []byte(h.Body)
			s.TLS, s.Expected = h.TLS.Verification(), load.ExpectedOf(h.Response)
		}
		if g := l.GRPC; g != nil {
			s.GRPC, s.Header, s.TLS = load.GRPCOf(g), headerOf(g.Metadata), g.TLS.Verification()
		}
		if t := l.TCP; t != nil {
			s.TCP = &load.TCP{Send: []byte(t.Send), Expect: []byte(t.Expect)}
		}
		all = append(all, s)
	}
	return all
}

func headerOf(values map[string]string) http.Header {
	header := http.Header{}
	for name, value := range values {
		header.Set(name, value)
	}
	return header
}
