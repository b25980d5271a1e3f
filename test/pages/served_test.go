package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/history"
	"github.com/chaosctl/chaosctl/pkg/killswitch"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/web"
)

// desk is a page of serve, and what was done by it.
type desk struct {
	*httptest.Server
	board *web.Board

	mu                sync.Mutex
	approved, stopped string
}

// Order is the stop in force, as of the kill switch of a cluster.
func (d *desk) Order(context.Context) (*killswitch.Order, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped == "" {
		return nil, nil
	}
	return &killswitch.Order{By: "the page", Reason: d.stopped, At: time.Now()}, nil
}

// Stop orders it.
func (d *desk) Stop(_ context.Context, _, reason string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped = reason
	return nil
}

func (d *desk) did() (approved, stopped string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.approved, d.stopped
}

// newDesk serves game days with sixty runs that are over, one that waits, and a file that is broken; names are hostile where they
// come from clusters and files.
func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{board: web.NewBoard()}
	next := func(now time.Time) web.Next {
		return web.Next{At: now.Add(26 * time.Hour), Local: now.Add(26 * time.Hour), Skipped: "that of Tue 2026-12-01 is left out: a holiday"}
	}
	d.board.Serves([]web.Day{
		{Name: "shop-tuesdays", When: "30 10 * * TUE", Zone: "Europe/Lisbon", Experiments: []string{"pod-kill", "node-drain"}, Next: next},
		{Name: "a-game-day-whose-name-is-as-long-as-names-may-be-and-that-is-not-short", When: "@daily", Zone: "UTC", Experiments: []string{"pod-kill"}, Next: func(time.Time) web.Next { return web.Next{} }},
	}, []web.Broken{{File: "gamedays/" + hostile, Why: "gamedays/shop.yaml:7:3: spec.schedule: " + hostile}})
	d.board.Leads(true)
	d.board.Hold(web.Hold{
		ID: "shop-tuesdays/node-drain", GameDay: "shop-tuesdays", Experiment: "node-drain", Target: "shop/deployment/web", Until: time.Now().Add(time.Hour),
		Approve: func(_ context.Context, by string) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.approved = by
			return nil
		},
	})
	site := &web.Site{
		Board: d.board, Version: "devel", Out: t.TempDir(), Switch: d, Guard: web.Guard{Local: true, Actions: true},
		Runs: func(_ context.Context, q history.Query) (all []history.Run, _ error) {
			for i := range 60 {
				if r := pastRun(i); (q.Verdict == "" || q.Verdict == r.Verdict) && (q.Experiment == "" || q.Experiment == r.Experiment) {
					all = append(all, r)
				}
			}
			return all, nil
		},
	}
	d.Server = httptest.NewServer(site.Handler())
	t.Cleanup(d.Close)
	return d
}

// pastRun is the i-th of sixty, of which the last twenty recover later, and every seventh fails.
func pastRun(i int) history.Run {
	r := history.Run{
		Dir: fmt.Sprintf("run-%d", i), RunID: fmt.Sprintf("run-%d", i), Experiment: "pod-kill", Promise: "self-healing", Target: "shop/deployment/web",
		GameDay: "shop-tuesdays", Verdict: report.Pass, Undo: report.UndoClean, StartedAt: time.Date(2026, 3, 1+i, 10, 30, 0, 0, time.UTC),
		Why:     "Passed: 100 % of 2,000 requests of browse answered (99.85–100 %), no outage",
		Figures: []history.Figure{{Metric: history.Availability, Of: "browse", Value: 1}, {Metric: history.Recovery, Value: 3 + float64(i%5)/10}},
	}
	if i >= 40 {
		r.Figures[1].Value += 4
	}
	if i%7 == 0 {
		r.Verdict, r.Figures[0].Value, r.Why = report.Fail, 0.97, "Failed: "+hostile
	}
	return r
}

// TestPagesOfServe looks at each page on each screen, without its script.
func TestPagesOfServe(t *testing.T) {
	d := newDesk(t)
	sink, over := d.board.Follow("20261127-103000-pod-kill-a1b2", "shop-tuesdays", event.NewClock(time.Now()), load.NewLive())
	defer over()
	begin(sink)
	for name, path := range map[string]string{"days": "/", "history": "/history?verdict=fail", "trends": "/trends?experiment=pod-kill"} {
		t.Run(name, func(t *testing.T) {
			p := newTabOf(t, d.URL+path, d.URL)
			p.pictures = filepath.Join(t.ArtifactDir(), "serve-"+name)
			for _, s := range screens {
				p.show(s)
				assert.Empty(t, p.layout(s), "%s: what does not fit", s.name)
				assert.Empty(t, p.accessibility(), "%s: barriers", s.name)
				p.keep(t, s.name+"-light")
				p.scheme("dark")
				assert.Empty(t, p.contrast(), "%s: colours in the dark", s.name)
				p.keep(t, s.name+"-dark")
				assert.Empty(t, p.keyboard(), "%s: keyboard", s.name)
				assert.Empty(t, p.said(), "%s: what the browser says", s.name)
			}
		})
	}
}

// begin emits what a run does until its fault.
func begin(sink event.Sink) {
	sink.Emit(event.Event{Payload: event.RunStarted{Experiment: json.RawMessage(`{"metadata": {"name": "pod-kill"}}`)}})
	for i, node := range []string{"node1", "node2", "node3"} {
		sink.Emit(event.Event{Payload: event.PodObserved{UID: fmt.Sprint("u", i), Name: fmt.Sprint("web-", i), Node: node, Ready: true}})
	}
	sink.Emit(event.Event{Payload: event.WorkloadObserved{Target: true, Desired: 3}})
	sink.Emit(event.Event{At: event.Instant(time.Second), Payload: event.PhaseStarted{Phase: event.Steady}})
}

// TestRunUnderWayMoves sees the page of a run follow it to its end.
func TestRunUnderWayMoves(t *testing.T) {
	d := newDesk(t)
	const id = "20261127-103000-pod-kill-a1b2"
	sink, over := d.board.Follow(id, "shop-tuesdays", event.NewClock(time.Now()), load.NewLive())
	begin(sink)
	p := newTabOf(t, d.URL+"/live/"+id, d.URL)
	p.pictures = filepath.Join(t.ArtifactDir(), "serve-live")
	p.scripts(true)
	for _, s := range screens {
		p.show(s)
		p.until(`document.getElementById("phase").textContent`, "steady")
		p.until(`document.getElementById("ready").textContent`, "3")
	}
	sink.Emit(event.Event{At: event.Instant(5 * time.Second), Payload: event.PhaseStarted{Phase: event.Fault}})
	sink.Emit(event.Event{At: event.Instant(5 * time.Second), Payload: event.ChangeUpdated{
		ID: "kill/1", Verb: "delete", Object: event.Object{Kind: "Pod", Name: hostile}, State: event.ChangeApplied,
	}})
	sink.Emit(event.Event{At: event.Instant(6 * time.Second), Payload: event.PodObserved{UID: "u1", Name: "web-1", Node: "node2", Terminating: true}})
	assert.False(t, evaluate[bool](p, `document.getElementById("over").checkVisibility()`), "it is not over")
	p.until(`document.getElementById("phase").textContent`, "fault")
	p.until(`document.getElementById("ready").textContent`, "2")
	p.until(`document.querySelector("#pods .pod-terminating").textContent`, "terminating")
	assert.Contains(t, evaluate[string](p, `document.getElementById("lines").textContent`), "<script>alert(1)</script>", "it is shown, and not run")
	p.keep(t, "390-light")
	assert.Empty(t, p.layout(screens[1]))
	over()
	p.until(`String(document.getElementById("over").checkVisibility())`, "true")
	assert.Empty(t, p.accessibility())
	assert.Empty(t, p.said())
}

// until waits until an expression is what it should be.
func (p *tab) until(expression, want string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	is := ""
	for ctx.Err() == nil {
		is, _ = chromedp.Run(ctx, chromedp.Evaluate[string](expression)) // what is not there yet is an error
		if is == want {
			return
		}
	}
	require.Equal(p.t, want, is, expression)
}

// tabTo presses Tab until what has the focus says a text.
func (p *tab) tabTo(text string) {
	p.t.Helper()
	for range 200 {
		require.NoError(p.t, chromedp.Do(p.ctx, chromedp.KeyEvent("\t")))
		if strings.Contains(evaluate[string](p, `document.activeElement.id + " " + document.activeElement.textContent`), text) {
			return
		}
	}
	require.Fail(p.t, "Tab does not reach "+text)
}

// TestActingByKeyboard gives a go, filters the history and stops all runs, with the keyboard alone.
func TestActingByKeyboard(t *testing.T) {
	d := newDesk(t)
	p := newTabOf(t, d.URL+"/", d.URL)
	p.show(screens[0])
	p.tabTo("Approve")
	require.NoError(t, chromedp.Do(p.ctx, chromedp.KeyEvent("\r")))
	require.Eventually(t, func() bool { approved, _ := d.did(); return approved != "" }, 30*time.Second, 50*time.Millisecond)

	p.show(screens[0])
	p.tabTo("History")
	require.NoError(t, chromedp.Do(p.ctx, chromedp.KeyEvent("\r")))
	p.until(`document.title`, "History – chaosctl")
	p.tabTo("verdict ")
	require.NoError(t, chromedp.Do(p.ctx, chromedp.KeyEvent("f")))
	p.tabTo("Filter")
	require.NoError(t, chromedp.Do(p.ctx, chromedp.KeyEvent("\r")))
	p.until(`new URL(location.href).searchParams.get("verdict") || ""`, "fail")
	p.until(`String(document.querySelectorAll("tbody tr").length)`, "9")

	p.show(screens[0])
	p.tabTo("reason ")
	require.NoError(t, chromedp.Do(p.ctx, chromedp.KeyEvent("incident 42")))
	p.tabTo("Stop all runs")
	require.NoError(t, chromedp.Do(p.ctx, chromedp.KeyEvent("\r")))
	require.Eventually(t, func() bool { _, stopped := d.did(); return stopped == "incident 42" }, 30*time.Second, 50*time.Millisecond)
	p.until(`String(document.body.textContent.includes("A stop is in force"))`, "true")
}
