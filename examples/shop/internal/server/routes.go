package server

import (
	"net/http"
)

// routes puts the application behind what every request goes through, and the
// endpoints of the platform beside it. Those count neither as requests served
// nor as candidates for the weaknesses, since no customer sees them.
func (s *Server) routes(app http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("alive\n"))
	})
	mux.Handle("GET /readyz", s.Readiness)
	mux.Handle("GET /metrics", s.Metrics)
	mux.Handle("/", s.served.observe(s.weaken(app)))
	return s.identify(mux)
}

// identify names the pod and, while stopping, asks the client to leave.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Pod", s.Pod)
		if s.Readiness.Held(holdStopping) {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// weaken applies the weaknesses that concern single requests.
func (s *Server) weaken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.Readiness.Held(holdSlowStart):
			http.Error(w, "still starting", http.StatusServiceUnavailable)
		case s.Weakness.DropFraction > 0 && s.Random() < s.Weakness.DropFraction:
			s.drop(w)
		case s.Weakness.AtMost > 0:
			s.serveAtMost(s.Weakness.AtMost, next, w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// serveAtMost turns away what comes while there are so many requests in hand, as a pool of workers without a queue does.
func (s *Server) serveAtMost(most int, next http.Handler, w http.ResponseWriter, r *http.Request) {
	defer s.inHand.Add(-1)
	if s.inHand.Add(1) > int64(most) {
		http.Error(w, "too many requests at once", http.StatusServiceUnavailable)
		return
	}
	next.ServeHTTP(w, r)
}

// drop breaks the answer off inside its status line. It does not simply hang
// up: many clients, Go's among them, silently repeat a GET on a kept-alive
// connection that ends before the first byte, and the loss would never show.
func (s *Server) drop(w http.ResponseWriter) {
	s.dropped.Add("")
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 or a test recorder: the nearest thing there is
	}
	_, _ = conn.Write([]byte("HTTP/1.1 "))
	_ = conn.Close()
}
