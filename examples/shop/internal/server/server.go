// Package server runs an HTTP handler the way a pod should live: it listens,
// becomes ready, serves, and on SIGTERM stops without losing a request. It
// writes down when each of these happened.
//
// It also gives a process the weaknesses that concern its life as a server,
// and lets a test take it down for a moment.
package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/chaosctl/chaosctl/examples/shop/internal/metrics"
	"github.com/chaosctl/chaosctl/examples/shop/internal/truth"
	"github.com/chaosctl/chaosctl/examples/shop/internal/weakness"
)

// Names of the holds that the server itself puts on readiness.
const (
	holdListening = "listening"
	holdSlowStart = "slow-start"
	holdStopping  = "stopping"
)

// finishWithin bounds the wait for requests in flight once the drain delay is
// over. With the default delay it stays within a grace period of 15 s.
const finishWithin = 10 * time.Second

// Options configure a Server. All fields are required but where stated.
type Options struct {
	Pod         string        // named in the header X-Pod of every answer
	Addr        string        // host:port to serve on
	ControlAddr string        // host:port of the outage control; empty for none
	Drain       time.Duration // how long to serve on after SIGTERM
	Weakness    weakness.Set
	Random      func() float64 // in [0,1), decides which answers are dropped
	Log         *truth.Log
	Metrics     *metrics.Registry
}

// Server serves one handler once.
type Server struct {
	Options
	Readiness *Readiness

	served  *served
	dropped *metrics.Counter
	inHand  atomic.Int64 // requests of the application
}

// New returns a server that is not ready because it does not listen yet.
func New(o Options) *Server {
	s := &Server{Options: o}
	s.Readiness = newReadiness(func() { s.Log.Event("ready") })
	s.Readiness.Hold(holdListening, "the port is not open yet")
	s.served = newServed(o.Log, o.Metrics)
	s.dropped = o.Metrics.Counter("shop_requests_dropped_total", "Answers broken off by the weakness drop-N-percent.", "")
	o.Metrics.Gauge("shop_ready", "Whether /readyz answers 200.", func() float64 {
		if len(s.Readiness.Reasons()) > 0 {
			return 0
		}
		return 1
	})
	return s
}

// Run serves the application's handler, beside /healthz, /readyz and
// /metrics, until a signal asks it to stop and the stop is complete.
func (s *Server) Run(app http.Handler, signals <-chan os.Signal) error {
	gate, err := Listen(s.Addr, s.Log.Now)
	if err != nil {
		return fmt.Errorf("cannot open the port: %w", err)
	}
	s.Log.Event("listening", "address", gate.Addr().String())

	stopControl, err := s.startControl(gate)
	if err != nil {
		return errors.Join(fmt.Errorf("cannot open the control port: %w", err), gate.Close())
	}
	defer stopControl()

	if s.Weakness.SlowStart > 0 {
		s.Readiness.Hold(holdSlowStart, "still starting")
		timer := time.AfterFunc(s.Weakness.SlowStart, func() { s.Readiness.Release(holdSlowStart) })
		defer timer.Stop()
	}
	s.Readiness.Release(holdListening)

	web := &http.Server{Handler: s.routes(app), ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(gate) }()

	for {
		select {
		case err := <-failed:
			return fmt.Errorf("serving ended by itself: %w", err)
		case sig := <-signals:
			if s.Weakness.IgnoreSIGTERM && sig == syscall.SIGTERM {
				s.Log.Event("sigterm-ignored")
				continue
			}
			err := s.stop(web, gate, sig)
			s.served.logLast()
			return err
		}
	}
}

// startControl opens the outage control, if one is configured, and returns
// the function that closes it.
func (s *Server) startControl(gate *Gate) (stop func(), err error) {
	if s.ControlAddr == "" {
		return func() {}, nil
	}
	ln, err := net.Listen("tcp", s.ControlAddr)
	if err != nil {
		return nil, err
	}
	s.Log.Event("control-listening", "address", ln.Addr().String())
	control := &http.Server{Handler: newOutages(gate, s.Log).routes(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = control.Serve(ln) }() // ends when stop closes it
	return func() { _ = control.Close() }, nil
}
