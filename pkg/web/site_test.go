package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/history"
	"github.com/chaosctl/chaosctl/pkg/killswitch"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/web"
)

// hostile is what a name can hold where somebody means harm.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>`

// lever is a switch that remembers what was ordered.
type lever struct{ by, reason string }

func (l *lever) Order(context.Context) (*killswitch.Order, error) { return nil, nil }

func (l *lever) Stop(_ context.Context, by, reason string) error {
	l.by, l.reason = by, reason
	return nil
}

// place is a site that is served, and what is behind it.
type place struct {
	*httptest.Server
	site  *web.Site
	lever *lever
	// asked is the last query for runs.
	asked history.Query
}

// serve makes a place with one run that is over, whose directory is "one".
func serve(t *testing.T, shape func(*web.Site)) *place {
	t.Helper()
	out := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(out, "one"), 0o755))
	for name, text := range map[string]string{"report.html": "<h1>report of one</h1>", "result.json": "{}", "journal.jsonl": "what is to be put back"} {
		require.NoError(t, os.WriteFile(filepath.Join(out, "one", name), []byte(text), 0o644))
	}
	p := &place{lever: &lever{}}
	p.site = &web.Site{Board: web.NewBoard(), Version: "v1.2.3", Out: out, Switch: p.lever, Guard: web.Guard{Local: true}}
	p.site.Runs = func(_ context.Context, q history.Query) ([]history.Run, error) {
		p.asked = q
		return []history.Run{{
			Dir: "one", RunID: "one", Experiment: "kill-" + hostile, Promise: "self-healing", Target: "shop/deployment/web", GameDay: "shop",
			Verdict: report.Fail, Undo: report.UndoClean, StartedAt: time.Date(2026, 3, 1, 10, 30, 0, 0, time.UTC), Why: "Fail: " + hostile,
			Figures: []history.Figure{{Metric: history.Availability, Of: "browse", Value: 0.97}},
		}}, nil
	}
	p.site.Board.Serves([]web.Day{{
		Name: "shop", When: "30 10 * * TUE", Zone: "Europe/Lisbon", Experiments: []string{"pod-kill"},
		Next: func(now time.Time) web.Next {
			return web.Next{At: now.Add(2 * time.Hour), Local: now.Add(2 * time.Hour), Skipped: "a holiday"}
		},
	}}, []web.Broken{{File: "days/" + hostile, Why: "line 3: " + hostile}})
	if shape != nil {
		shape(p.site)
	}
	p.Server = httptest.NewServer(p.site.Handler())
	t.Cleanup(p.Close)
	return p
}

// answer is what came back; redirects are not followed.
type answer struct {
	code   int
	header http.Header
	text   string
}

func (p *place) do(t *testing.T, method, path string, form url.Values, header map[string]string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.URL+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range header {
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

func (p *place) get(t *testing.T, path string) answer {
	t.Helper()
	return p.do(t, http.MethodGet, path, nil, nil)
}

func TestPagesShowWhatIsKnown(t *testing.T) {
	t.Parallel()
	p := serve(t, nil)
	p.site.Board.Leads(true)
	days := p.get(t, "/")
	assert.Equal(t, http.StatusOK, days.code)
	for _, want := range []string{"30 10 * * TUE", "Europe/Lisbon", "in 1 h", "a holiday", "line 3: ", "/runs/one/report.html", "97", "only to be looked at"} {
		assert.Contains(t, days.text, want)
	}
	assert.NotContains(t, days.text, "This replica waits")
	for _, path := range []string{"/", "/history", "/trends"} {
		page := p.get(t, path)
		assert.Equal(t, http.StatusOK, page.code, path)
		assert.NotContains(t, page.text, "<script>alert", path)
		assert.NotContains(t, page.text, "<img src=x", path)
		assert.Contains(t, page.text, `aria-current="page"`, path)
		policy := page.header.Get("Content-Security-Policy")
		assert.Contains(t, policy, "default-src 'none'")
		assert.NotContains(t, policy, "unsafe")
		assert.Equal(t, "nosniff", page.header.Get("X-Content-Type-Options"))
	}
}

func TestHistoryIsFiltered(t *testing.T) {
	t.Parallel()
	p := serve(t, nil)
	page := p.get(t, "/history?verdict=fail&promise=scaling&gameday=shop&experiment=pod-kill&since=7d")
	assert.Equal(t, http.StatusOK, page.code)
	assert.WithinDuration(t, time.Now().Add(-7*24*time.Hour), p.asked.Since, time.Minute)
	p.asked.Since = time.Time{}
	assert.Equal(t, history.Query{Verdict: report.Fail, Promise: "scaling", GameDay: "shop", Experiment: "pod-kill"}, p.asked)
	assert.Contains(t, page.text, "<option selected>fail</option>")
}

func TestFilesOfRuns(t *testing.T) {
	t.Parallel()
	p := serve(t, nil)
	outside := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(outside, []byte("not of a run"), 0o644))
	require.NoError(t, os.Symlink(filepath.Dir(outside), filepath.Join(p.site.Out, "elsewhere")))
	require.NoError(t, os.WriteFile(filepath.Join(p.site.Out, "report.html"), []byte("of no run"), 0o644))

	found := p.get(t, "/runs/one/report.html")
	assert.Equal(t, "<h1>report of one</h1>", found.text)
	assert.Contains(t, found.header.Get("Content-Security-Policy"), "sandbox")
	assert.Equal(t, "application/json", p.get(t, "/runs/one/result.json").header.Get("Content-Type"))
	for _, path := range []string{
		"/runs/one/journal.jsonl", "/runs/none/report.html", "/runs/elsewhere/report.html", "/runs/..%2f..%2f..%2fetc/report.html",
		"/runs/%2e%2e/report.html", "/runs/one%2f..%2f..%2felsewhere/report.html", "/runs/one/..%2fone%2freport.html",
	} {
		got := p.get(t, path)
		assert.NotEqual(t, http.StatusOK, got.code, path)
		assert.NotContains(t, got.text, "not of a run", path)
	}
}

func TestOnlyThosePagesActThatMay(t *testing.T) {
	t.Parallel()
	form := url.Values{"reason": {"incident 42"}}
	looked := serve(t, nil)
	assert.Equal(t, http.StatusForbidden, looked.do(t, http.MethodPost, "/stop", form, nil).code, "actions are not allowed")
	assert.Empty(t, looked.lever.by)

	p := serve(t, func(s *web.Site) { s.Guard.Actions = true })
	assert.Contains(t, p.get(t, "/").text, "Stop all runs")
	for _, header := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}} {
		assert.Equal(t, http.StatusForbidden, p.do(t, http.MethodPost, "/stop", form, header).code, "it comes from another page: %v", header)
	}
	assert.Equal(t, http.StatusMethodNotAllowed, p.get(t, "/stop").code, "a link must not stop anything")
	assert.Empty(t, p.lever.by)
	done := p.do(t, http.MethodPost, "/stop", form, map[string]string{"Sec-Fetch-Site": "same-origin"})
	assert.Equal(t, http.StatusSeeOther, done.code)
	assert.Equal(t, "incident 42", p.lever.reason)

	long := p.do(t, http.MethodPost, "/stop", url.Values{"reason": {strings.Repeat("x", 1<<20)}}, nil)
	assert.NotEqual(t, strings.Repeat("x", 1<<20), p.lever.reason)
	assert.NotEqual(t, http.StatusOK, long.code)
}

func TestHoldsAreApproved(t *testing.T) {
	t.Parallel()
	var by string
	waiting := web.Hold{
		ID: "shop/drain-" + hostile, GameDay: "shop", Experiment: "drain-" + hostile, Until: time.Now().Add(time.Hour),
		Approve: func(_ context.Context, name string) error { by = name; return nil },
	}
	looked := serve(t, nil)
	looked.site.Board.Hold(waiting)
	page := looked.get(t, "/").text
	assert.Contains(t, page, "Waiting for a go")
	assert.NotContains(t, page, `action="/approve"`)
	assert.NotContains(t, page, "<script>alert")
	form := url.Values{"hold": {waiting.ID}}
	assert.Equal(t, http.StatusForbidden, looked.do(t, http.MethodPost, "/approve", form, nil).code)

	p := serve(t, func(s *web.Site) { s.Guard.Actions = true })
	over := p.site.Board.Hold(waiting)
	assert.Contains(t, p.get(t, "/").text, `action="/approve"`)
	assert.Equal(t, http.StatusConflict, p.do(t, http.MethodPost, "/approve", url.Values{"hold": {"another"}}, nil).code)
	assert.Empty(t, by)
	assert.Equal(t, http.StatusSeeOther, p.do(t, http.MethodPost, "/approve", form, nil).code)
	assert.Equal(t, "somebody on this machine", by)
	over()
	assert.NotContains(t, p.get(t, "/").text, "Waiting for a go")
	assert.Equal(t, http.StatusConflict, p.do(t, http.MethodPost, "/approve", form, nil).code)
}

func TestNamesOfOthersDoNotLeadHere(t *testing.T) {
	t.Parallel()
	p := serve(t, nil)
	for host, code := range map[string]int{
		"rebound.example": http.StatusMisdirectedRequest, "rebound.example:9180": http.StatusMisdirectedRequest, "127.0.0.1.example": http.StatusMisdirectedRequest,
		"localhost:9180": http.StatusOK, "127.0.0.2": http.StatusOK, "[::1]:9180": http.StatusOK,
	} {
		assert.Equal(t, code, p.do(t, http.MethodGet, "/", nil, map[string]string{"Host": host}).code, host)
	}
}

func TestTokenIsAskedFor(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef"
	p := serve(t, func(s *web.Site) { s.Guard = web.Guard{Identify: web.StaticToken(token), Actions: true} })
	for _, path := range []string{"/", "/history", "/runs/one/report.html", "/live/one/events", "/style.css"} {
		got := p.get(t, path)
		assert.Equal(t, http.StatusUnauthorized, got.code, path)
		assert.NotContains(t, got.text, "report of one")
	}
	browser := p.do(t, http.MethodGet, "/", nil, map[string]string{"Accept": "text/html"})
	assert.Equal(t, "/login", browser.header.Get("Location"))
	assert.Contains(t, p.get(t, "/login").text, "Bearer token")
	assert.Equal(t, http.StatusUnauthorized, p.do(t, http.MethodPost, "/login", url.Values{"token": {"guess"}}, nil).code)
	assert.Equal(t, http.StatusUnauthorized, p.do(t, http.MethodGet, "/", nil, map[string]string{"Authorization": "Bearer guess"}).code)
	assert.Equal(t, http.StatusOK, p.do(t, http.MethodGet, "/", nil, map[string]string{"Authorization": "Bearer " + token}).code)

	in := p.do(t, http.MethodPost, "/login", url.Values{"token": {token}}, nil)
	assert.Equal(t, http.StatusSeeOther, in.code)
	cookie := in.header.Get("Set-Cookie")
	for _, want := range []string{"__Host-chaosctl=", "HttpOnly", "Secure", "SameSite=Strict", "Path=/"} {
		assert.Contains(t, cookie, want)
	}
	kept, _, _ := strings.Cut(cookie, ";")
	assert.Equal(t, http.StatusOK, p.do(t, http.MethodGet, "/", nil, map[string]string{"Cookie": kept}).code)
}

// TestRunUnderWayIsFollowed reads the stream of a run while its events come.
func TestRunUnderWayIsFollowed(t *testing.T) {
	t.Parallel()
	p := serve(t, nil)
	requests := load.NewLive()
	sink, over := p.site.Board.Follow("run-1", "shop", event.NewClock(time.Now()), requests)
	sink.Emit(event.Event{Payload: event.RunStarted{RunID: "run-1", Experiment: json.RawMessage(`{"metadata": {"name": "web-survives"}}`)}})
	sink.Emit(event.Event{Payload: event.PhaseStarted{Phase: event.Steady}})
	sink.Emit(event.Event{Payload: event.PodObserved{UID: "u1", Name: "web-1", Node: "node1", Ready: true}})
	assert.Contains(t, p.get(t, "/").text, "web-survives")
	page := p.get(t, "/live/run-1")
	assert.Contains(t, page.text, "web-1")
	assert.Contains(t, page.text, `<script src="/live.js" defer>`)

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/live/run-1/events", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	events := bufio.NewScanner(response.Body)
	next := func() (name string, s web.State) {
		for events.Scan() {
			if text, ok := strings.CutPrefix(events.Text(), "event: "); ok {
				name = text
			}
			if text, ok := strings.CutPrefix(events.Text(), "data: "); ok {
				_ = json.Unmarshal([]byte(text), &s)
				return name, s
			}
		}
		t.Fatal("the stream has ended")
		return "", s
	}
	name, s := next()
	assert.Equal(t, "state", name)
	assert.Equal(t, event.Steady, s.Phase)
	assert.Equal(t, "web-survives", s.Experiment)
	assert.Equal(t, 1, s.Ready)

	sink.Emit(event.Event{At: 1, Payload: event.PhaseStarted{Phase: event.Fault}})
	sink.Emit(event.Event{At: 2, Payload: event.PodObserved{UID: "u1", Name: "web-1", Terminating: true}})
	sink.Emit(event.Event{At: 3, Payload: event.ChangeUpdated{Verb: "delete", Object: event.Object{Kind: "Pod", Name: "web-1" + hostile}, State: event.ChangeApplied}})
	for s.Phase != event.Fault {
		_, s = next()
	}
	assert.Equal(t, 0, s.Ready)
	assert.Equal(t, "terminating", s.Pods[0].State)
	assert.Equal(t, "inject", s.Lines[len(s.Lines)-1].Kind)
	over()
	for name != "over" {
		name, _ = next()
	}
	assert.Equal(t, "/runs/run-1/report.html", p.get(t, "/live/run-1").header.Get("Location"))
	assert.Equal(t, http.StatusNotFound, p.get(t, "/live/run-1/events").code)
}

func TestAsManyFollowRunsAsMay(t *testing.T) {
	t.Parallel()
	p := serve(t, nil)
	_, over := p.site.Board.Follow("run-1", "", event.NewClock(time.Now()), load.NewLive())
	defer over()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	open := func() int {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/live/run-1/events", nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		return response.StatusCode // its body is open until they leave
	}
	for range 64 {
		require.Equal(t, http.StatusOK, open())
	}
	assert.Equal(t, http.StatusServiceUnavailable, open())
	leave()
	ctx = t.Context()
	require.Eventually(t, func() bool { return open() == http.StatusOK }, 5*time.Second, 50*time.Millisecond, "those who left make room")
}
