package load_test

import (
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
)

func statuses(t *testing.T, text string) *experiment.Statuses {
	t.Helper()
	s := new(experiment.Statuses)
	require.NoError(t, s.UnmarshalText([]byte(text)))
	return s
}

// TestExpected asks a server that answers by its path, and compares the cause of the failure and what is said of it.
func TestExpected(t *testing.T) {
	page := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Add("X-Many", "one")
		w.Header().Add("X-Many", "two")
		switch r.URL.Path {
		case "/gone":
			w.WriteHeader(http.StatusNotFound)
		case "/down":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/moved":
			w.WriteHeader(http.StatusFound)
		case "/long":
			_, _ = io.WriteString(w, `{"pad": "`+strings.Repeat("x", 1<<20)+`", "last": 1}`)
			return
		}
		_, _ = io.WriteString(w, `{"items": [{"name": "cup", "price": 3}], "total": 3.5}`)
	})
	value := "two"
	of := func(change func(*experiment.Response)) *experiment.Response {
		r := &experiment.Response{}
		change(r)
		return r
	}
	cel := func(text string) *experiment.Response {
		return of(func(r *experiment.Response) { r.CEL = text })
	}
	header := func(h experiment.HeaderCheck) *experiment.Response {
		return of(func(r *experiment.Response) { r.Headers = []experiment.HeaderCheck{h} })
	}
	contains := func(text string) *experiment.Response {
		return of(func(r *experiment.Response) { r.Contains = text })
	}
	status := func(text string) *experiment.Response {
		return of(func(r *experiment.Response) { r.Status = statuses(t, text) })
	}
	for name, c := range map[string]struct {
		path     string
		expected *experiment.Response
		cause    load.Cause
		said     string
	}{
		"nothing":                   {"/", nil, load.None, ""},
		"status":                    {"/", status("200"), load.None, ""},
		"a class":                   {"/moved", status("3xx"), load.None, ""},
		"a status that fails":       {"/gone", status("200,404"), load.None, ""},
		"a redirect in place":       {"/moved", status("2xx"), load.Unexpected, ""},
		"4xx keeps its cause":       {"/gone", status("200"), load.ClientError, ""},
		"5xx keeps its cause":       {"/down", contains("x"), load.ServerError, ""},
		"contains":                  {"/", contains(`"cup"`), load.None, ""},
		"does not contain":          {"/", contains("saucer"), load.Unexpected, `the body does not contain "saucer"`},
		"contains, in a failure":    {"/gone", of(func(r *experiment.Response) { r.Status, r.Contains = statuses(t, "404"), "saucer" }), load.Unexpected, `does not contain "saucer"`},
		"matches":                   {"/", of(func(r *experiment.Response) { r.Matches = `"price": \d+` }), load.None, ""},
		"does not match":            {"/", of(func(r *experiment.Response) { r.Matches = `^\d+$` }), load.Unexpected, `the body does not match "^\\d+$"`},
		"header":                    {"/", header(experiment.HeaderCheck{Name: "content-type"}), load.None, ""},
		"no header":                 {"/", header(experiment.HeaderCheck{Name: "X-None"}), load.Unexpected, "there is no header X-None"},
		"one of its values":         {"/", header(experiment.HeaderCheck{Name: "X-Many", Value: &value}), load.None, ""},
		"another value":             {"/", header(experiment.HeaderCheck{Name: "Content-Type", Value: &value}), load.Unexpected, `the header Content-Type is not "two"`},
		"header matches":            {"/", header(experiment.HeaderCheck{Name: "Content-Type", Matches: "^application/json"}), load.None, ""},
		"header does not match":     {"/", header(experiment.HeaderCheck{Name: "Content-Type", Matches: "html"}), load.Unexpected, `the header Content-Type does not match "html"`},
		"json":                      {"/", cel("size(json.items) == 1 && json.items[0].price >= 3 && json.total > 3"), load.None, ""},
		"json is not so":            {"/", cel("json.total > 4"), load.Unexpected, "json.total > 4 does not hold"},
		"json has no such field":    {"/", cel("json.rebate > 4"), load.Unexpected, "json.rebate > 4 does not hold: the answer lacks a field"},
		"json without a type":       {"/", cel("int(json.items[0].name) > 4"), load.Unexpected, "int(json.items[0].name) > 4 cannot be told of the answer"},
		"no json":                   {"/moved", cel(`headers["Content-Type"].startsWith("application/json") && body == "x"`), load.Unexpected, "does not hold"},
		"status and body by cel":    {"/", cel(`status == 200 && body.contains("cup")`), load.None, ""},
		"too long for json":         {"/long", cel("json.last == 1"), load.Unexpected, "does not hold: the body has more than 1 MiB"},
		"too long to be found":      {"/long", contains("last"), load.Unexpected, `does not contain "last" in its first MiB`},
		"long, found":               {"/long", contains("pad"), load.None, ""},
		"a condition that is broke": {"/", cel("nope"), load.Unexpected, "undeclared reference"},
	} {
		t.Run(name, func(t *testing.T) {
			stream := load.Stream{URL: page.URL + c.path, Profile: load.Constant(50), Expected: load.ExpectedOf(c.expected), Timeout: 10 * time.Second}
			samples, summary := collect(t, stream, atLeast(2))
			for _, s := range samples[:2] {
				assert.Equal(t, c.cause, s.Cause)
				assert.NotZero(t, s.Status, "the status is known all the same")
			}
			if c.cause != load.None {
				assert.Contains(t, summary.Examples[c.cause], c.said)
			}
			assert.Equal(t, c.cause == load.None, len(summary.Examples) == 0)
		})
	}
}

// TestExpectedDoesNotTellWhatWasSent: what a server sends is not repeated, since it may be a secret that nobody is to read.
func TestExpectedDoesNotTellWhatWasSent(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Token", "hunter2")
		_, _ = io.WriteString(w, `{"token": "hunter2", "n": "hunter2"}`)
	})
	for _, r := range []*experiment.Response{
		{Contains: "welcome"}, {Matches: "welcome"}, {CEL: "json.token == 'x'"}, {CEL: "int(json.n) > 1"}, {CEL: "json[json.token] == 1"},
		{Headers: []experiment.HeaderCheck{{Name: "X-Token", Matches: "welcome"}}}, {Headers: []experiment.HeaderCheck{{Name: "X-Token", Value: new("welcome")}}},
	} {
		_, summary := collect(t, load.Stream{URL: server.URL, Profile: load.Constant(50), Expected: load.ExpectedOf(r)}, atLeast(1))
		require.NotEmpty(t, summary.Examples[load.Unexpected])
		assert.NotContains(t, summary.Examples[load.Unexpected], "hunter2")
	}
}

// TestExpectedOfABrokenBody: a body that breaks off is trouble of the connection, whatever it lacks.
func TestExpectedOfABrokenBody(t *testing.T) {
	url := raw(t, func(c *net.TCPConn) { say(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort") })
	samples, _ := collect(t, load.Stream{URL: url, Profile: load.Constant(50), Expected: load.ExpectedOf(&experiment.Response{Contains: "x"})}, atLeast(1))
	assert.Equal(t, load.EOF, samples[0].Cause)
}

// TestExpectedAsksForNoCompression: what is looked at is what was sent.
func TestExpectedAsksForNoCompression(t *testing.T) {
	var compressed atomic.Bool
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			compressed.Store(true)
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, "welcome")
			_ = z.Close()
			return
		}
		_, _ = io.WriteString(w, "welcome")
	})
	samples, _ := collect(t, load.Stream{URL: server.URL, Profile: load.Constant(50), Expected: load.ExpectedOf(&experiment.Response{Contains: "welcome"})}, atLeast(1))
	assert.True(t, samples[0].OK())
	assert.False(t, compressed.Load())
}
