package point

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
)

// Transport counts the requests that change something, writes a line for each of them to record, and kills the process
// at the point; a request that is to be late is recorded too. It makes the transports of several clients, which count together.
func Transport(at Point, record io.Writer) func(http.RoundTripper) http.RoundTripper {
	c := &counter{at: at, record: record, held: map[string]bool{}, conflicts: map[string]int{}}
	return func(next http.RoundTripper) http.RoundTripper { return &transport{counter: c, next: next} }
}

// counter may be used by several goroutines at once.
type counter struct {
	at     Point
	record io.Writer

	mu       sync.Mutex
	requests int
	// held are the folders of Leases that this process has taken.
	held map[string]bool
	// conflicts are the numbers of requests that were answered by a conflict.
	conflicts map[string]int
}

// number is 0 for a request that does not count. One that is tried again after a conflict, which comes about by what
// controllers happen to do meanwhile, has the number that it had.
func (c *counter) number(r *http.Request) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if number := c.conflicts[name(r)]; number > 0 {
		delete(c.conflicts, name(r))
		return number
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead || strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews") || r.URL.Query().Has("dryRun") || c.renews(r) {
		return 0
	}
	c.requests++
	fmt.Fprintln(c.record, name(r))
	return c.requests
}

func (c *counter) conflict(r *http.Request, number int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conflicts[name(r)] = number
}

func name(r *http.Request) string { return r.Method + " " + r.URL.Path }

// renews says that a request only renews a Lease: that happens, or not, as time goes by, so it would make the numbers of
// others differ from run to run.
func (c *counter) renews(r *http.Request) bool {
	folder := r.URL.Path
	if r.Method == http.MethodPut {
		folder = path.Dir(folder)
	}
	if path.Base(folder) != "leases" || r.Method != http.MethodPut && r.Method != http.MethodPost {
		return false
	}
	held := c.held[folder]
	c.held[folder] = true
	return held && r.Method == http.MethodPut
}

type transport struct {
	*counter
	next http.RoundTripper
}

// WrappedRoundTripper lets the transport below be found.
func (t *transport) WrappedRoundTripper() http.RoundTripper { return t.next }

// RoundTrip dies, where it is time to.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	number := t.number(r)
	if number == 0 || number != t.at.Request {
		response, err := t.next.RoundTrip(r)
		if number > 0 && err == nil && response.StatusCode == http.StatusConflict {
			t.conflict(r, number)
		}
		return response, err
	}
	switch t.at.When {
	case BeforeSend:
		die()
	case Late:
		t.delay(r)
		die()
	case InFlight:
		r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { die() }}))
	case AfterSend:
		// Nothing must take the request back before the server has handled it.
		r = r.WithContext(context.WithoutCancel(r.Context()))
	}
	response, err := t.next.RoundTrip(r)
	switch {
	case t.at.When == AfterSend:
		die()
	case err == nil:
		response.Body = &lastWords{response.Body}
	}
	return response, err
}

// delay records a request in place of sending it.
func (c *counter) delay(r *http.Request) {
	delayed := Delayed{Method: r.Method, URI: r.URL.RequestURI(), ContentType: r.Header.Get("Content-Type")}
	if r.Body != nil {
		delayed.Body, _ = io.ReadAll(r.Body) // from memory
	}
	text, err := json.Marshal(delayed)
	if err != nil {
		panic(err) // strings and bytes
	}
	fmt.Fprintf(c.record, "%s%s\n", DelayedPrefix, text)
}

// DelayedPrefix begins the line of the record that holds a [Delayed] in JSON.
const DelayedPrefix = "delayed: "

// lastWords is the body of a reply whose reader dies of its end.
type lastWords struct{ io.ReadCloser }

func (b *lastWords) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		die()
	}
	return n, err
}

// die ends the process as a lost machine would: nothing runs any more, no deferred function, no handler of signals.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
