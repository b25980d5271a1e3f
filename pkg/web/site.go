package web

import (
	"context"
	"embed"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/chaosctl/chaosctl/pkg/history"
	"github.com/chaosctl/chaosctl/pkg/killswitch"
	"github.com/chaosctl/chaosctl/pkg/report"
)

//go:embed page
var files embed.FS

// Site serves the page.
type Site struct {
	Board *Board
	// Version is that of the program, and Out the directory that holds those of the runs.
	Version, Out string
	// Runs reads the runs that are over, the newest last.
	Runs func(context.Context, history.Query) ([]history.Run, error)
	// Guard decides who may see and do what.
	Guard Guard
	// Switch is the stop of all runs; nil where the page has no access to the cluster.
	Switch Switch

	streams atomic.Int32
}

// Switch is the stop of all runs of a cluster.
type Switch interface {
	// Order is the stop in force; nil for none.
	Order(context.Context) (*killswitch.Order, error)
	// Stop orders it.
	Stop(ctx context.Context, by, reason string) error
}

// Handler serves the page below the root. All that it answers is for a browser that may be anywhere: see [Guard].
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.days)
	mux.HandleFunc("GET /history", s.history)
	mux.HandleFunc("GET /trends", s.trends)
	mux.HandleFunc("GET /live/{run}", s.live)
	mux.HandleFunc("GET /live/{run}/events", s.stream)
	mux.HandleFunc("GET /runs/{run}/{file}", s.artifact)
	mux.HandleFunc("POST /stop", s.stop)
	mux.HandleFunc("POST /approve", s.approve)
	mux.HandleFunc("GET /style.css", s.style)
	mux.HandleFunc("GET /live.js", s.script)
	return s.Guard.around(secured(mux))
}

// policy lets a page use the style, the script and the streams of this site, and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// secured sets what each answer tells a browser to refuse.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, longestForm)
		next.ServeHTTP(w, r)
	})
}

// longestForm is how many bytes a form may have.
const longestForm = 16 << 10

func (s *Site) style(w http.ResponseWriter, _ *http.Request) {
	own, _ := files.ReadFile("page/web.css") // it is embedded
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(report.Stylesheet())
	_, _ = w.Write(own)
}

func (s *Site) script(w http.ResponseWriter, _ *http.Request) {
	own, _ := files.ReadFile("page/live.js") // it is embedded
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(own)
}

// Server is an HTTP server for the handler, with bounds for what others can make it wait for and hold. Streams of events set the time
// that their writes may take by themselves.
func Server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
}
