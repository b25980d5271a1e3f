package alone

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// serve answers until its input ends. It prints its address first.
func serve(t task) (told, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return told{}, err
	}
	handler := http.Handler(http.HandlerFunc(answer))
	if t.Stalls {
		handler = &stalling{}
	}
	go http.Serve(listener, handler) //nolint:gosec // it ends with the process, and is for loopback
	fmt.Println("http://" + listener.Addr().String() + "/")
	_, err = io.Copy(io.Discard, os.Stdin)
	return told{}, err
}

func answer(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }

// The middle of each ten seconds is one in which nothing is answered. At their end it would be cut off by that of the run, and those who
// wait for what is in flight would be told from those who do not.
const (
	cycle = 10 * time.Second
	stall = time.Second
)

// stallP99 is what 99 % of evenly spaced requests do not exceed: a tenth of all waits, evenly between none of the stall and
// all of it, so that one in a hundred waits for more than nine tenths of it.
const stallP99 = 0.9

// stalling is a server that stalls, counted from its first request.
type stalling struct {
	once  sync.Once
	first time.Time
}

func (s *stalling) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.once.Do(func() { s.first = time.Now() })
	const ends = (cycle + stall) / 2
	if in := time.Since(s.first) % cycle; ends-stall <= in && in < ends {
		time.Sleep(ends - in)
	}
	answer(w, r)
}
