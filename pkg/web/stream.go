package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// refresh is how often a page of a run under way is brought up to date, and lag how long a reader may take for that.
const (
	refresh = 500 * time.Millisecond
	lag     = 10 * time.Second
)

// stream sends how a run goes, as server-sent events (HTML, section 9.2), until it is over or the reader leaves.
func (s *Site) stream(w http.ResponseWriter, r *http.Request) {
	live := s.Board.run(r.PathValue("run"))
	if live == nil {
		http.Error(w, "no run of that name is under way", http.StatusNotFound)
		return
	}
	if !s.enter() {
		http.Error(w, "too many pages follow runs", http.StatusServiceUnavailable)
		return
	}
	defer s.exit()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	answer := http.NewResponseController(w)
	send := func(name string, v any) bool {
		text, err := json.Marshal(v)
		if err != nil || answer.SetWriteDeadline(time.Now().Add(lag)) != nil {
			return false
		}
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, text); err != nil {
			return false
		}
		return answer.Flush() == nil
	}
	ticks := time.NewTicker(refresh)
	defer ticks.Stop()
	for send("state", live.State()) {
		select {
		case <-ticks.C:
		case <-live.gone:
			send("over", live.id)
			return
		case <-r.Context().Done():
			return
		}
	}
}

// mostStreams is how many pages may follow runs at once.
const mostStreams = 64

func (s *Site) enter() bool {
	if s.streams.Add(1) > mostStreams {
		s.streams.Add(-1)
		return false
	}
	return true
}

func (s *Site) exit() { s.streams.Add(-1) }
