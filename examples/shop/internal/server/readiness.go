package server

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Readiness is a set of reasons not to be ready. With none left, the process
// is ready. It is safe for concurrent use.
type Readiness struct {
	onReady func()

	mu    sync.Mutex
	holds map[string]string
}

// newReadiness calls onReady at every change from not ready to ready.
func newReadiness(onReady func()) *Readiness {
	return &Readiness{onReady: onReady, holds: map[string]string{}}
}

// Hold keeps the process from being ready, for a reason that /readyz shows.
// Holding the same thing again replaces the reason.
func (r *Readiness) Hold(what, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holds[what] = why
}

// Release takes back a Hold. Releasing what is not held changes nothing.
func (r *Readiness) Release(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, held := r.holds[what]; !held {
		return
	}
	delete(r.holds, what)
	if len(r.holds) == 0 {
		r.onReady()
	}
}

// Held reports whether one thing holds readiness back.
func (r *Readiness) Held(what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, held := r.holds[what]
	return held
}

// Reasons returns one line for every hold, sorted; none means ready.
func (r *Readiness) Reasons() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var reasons []string
	for _, what := range slices.Sorted(maps.Keys(r.holds)) {
		reasons = append(reasons, what+": "+r.holds[what])
	}
	return reasons
}

// ServeHTTP answers a readiness probe: 200, or 503 with the reasons.
func (r *Readiness) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	reasons := r.Reasons()
	if len(reasons) > 0 {
		http.Error(w, "not ready\n"+strings.Join(reasons, "\n"), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}
