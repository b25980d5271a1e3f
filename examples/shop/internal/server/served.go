package server

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/chaosctl/chaosctl/examples/shop/internal/metrics"
	"github.com/chaosctl/chaosctl/examples/shop/internal/truth"
)

// served remembers when the process first and last did its job: answered a
// request of the application with anything but a server error.
type served struct {
	log      *truth.Log
	requests *metrics.Counter

	mu    sync.Mutex
	first bool
	last  time.Time
}

func newServed(log *truth.Log, registry *metrics.Registry) *served {
	return &served{
		log:      log,
		requests: registry.Counter("shop_requests_total", "Requests of the application answered, by status.", "code"),
	}
}

// observe notes every request that next answers.
func (s *served) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorder, r)
		if recorder.taken {
			return // not answered at all
		}
		s.requests.Add(strconv.Itoa(recorder.status))
		if recorder.status < http.StatusInternalServerError {
			s.note()
		}
	})
}

func (s *served) note() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = s.log.Now()
	if !s.first {
		s.first = true
		s.log.EventAt(s.last, "first-request")
	}
}

// logLast writes the end of the last request served, if there was any.
func (s *served) logLast() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first {
		s.log.EventAt(s.last, "last-request")
	}
}
