package notify_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/notify"
)

// hidden is part of every address, and must be in nothing that is told.
const hidden = "T0K3N"

// seen is a request as a server got it.
type seen struct {
	at      time.Time
	headers http.Header
	body    []byte
}

// receiver is a real server on loopback whose answers are given one after another; the last one is given again.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	seen []seen
}

// answer writes one answer. It may hang until the client is gone.
type answer func(w http.ResponseWriter, r *http.Request)

func status(code int) answer {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "you sent "+hidden, code) }
}

func later(code int, header string) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", header)
		w.WriteHeader(code)
	}
}

// hang answers when the client has given up. The body has been read, so that the server notices.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func serve(t *testing.T, answers ...answer) *receiver {
	t.Helper()
	s := &receiver{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.seen = append(s.seen, seen{time.Now(), r.Header.Clone(), body})
		next := answers[min(len(s.seen), len(answers))-1]
		s.mu.Unlock()
		next(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *receiver) requests() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.seen...)
}

// address is the server's, with what must not be told.
func (s *receiver) address() notify.Secret { return fixed(s.URL + "/" + hidden + "\n") }

func fixed(text string) notify.Secret {
	return func(context.Context) (string, error) { return text, nil }
}

// told is what a post said of a message.
type told struct {
	to  string
	m   notify.Message
	o   notify.Outcome
	why error
}

// aPost is a post at a pace, and what it tells.
func aPost(t *testing.T, pace notify.Pace) (*notify.Post, <-chan told) {
	t.Helper()
	all := make(chan told, 1000)
	p := notify.NewPost(pace, func(to string, m notify.Message, o notify.Outcome, why error) { all <- told{to, m, o, why} })
	t.Cleanup(func() { p.Close(0, nil) })
	return p, all
}

// quick is a pace for servers on loopback.
func quick() notify.Pace {
	return notify.Pace{Attempt: 5 * time.Second, First: time.Millisecond, Longest: 20 * time.Millisecond, GiveUp: time.Minute, Waiting: 10}
}

// next is what is told next.
func next(t *testing.T, all <-chan told) told {
	t.Helper()
	select {
	case x := <-all:
		return x
	case <-time.After(30 * time.Second):
		require.Fail(t, "nothing was told")
		return told{}
	}
}

// failed is a message of a run that failed.
func failed(id string) notify.Message {
	return notify.Message{
		ID: id, Event: notify.Finished, At: time.Date(2027, 3, 2, 10, 31, 12, 0, time.UTC), GameDay: "shop", Experiment: "pod-kill", Promise: "self-healing",
		Target: "shop/deployment/web", RunID: "r1", Verdict: "fail", Reason: `Failed: 1 of 2 expectations held`, Mend: "a preStop hook", Undo: "clean", Report: "runs/r1/report.html",
	}
}
