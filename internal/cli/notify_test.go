package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/monitor"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// hook is a server that keeps the messages that it is told.
type hook struct {
	*httptest.Server
	messages chan map[string]any
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{messages: make(chan map[string]any, 100)}
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m map[string]any
		text, err := io.ReadAll(r.Body)
		if assert.NoError(t, err) && assert.NoError(t, json.Unmarshal(text, &m), "%s", text) {
			h.messages <- m
		}
	}))
	t.Cleanup(h.Close)
	return h
}

const telling = daily + `  onFailure: continue
  notify:
  - {webhook: {urlFrom: {env: HOOK}}}
  - {name: all, webhook: {urlFrom: {env: HOOK}}, on: [started, pass, fail, day]}
`

// TestGameDayTells proves that receivers are told what they want to know of a game day, and no more.
func TestGameDayTells(t *testing.T) {
	h := newHook(t)
	day, _, _, errs := aDay(t, telling, 2, ran{code: report.ExitPass}, ran{code: report.ExitUndoIncomplete})
	day.app.Env = func(name string) string { return map[string]string{"HOOK": h.URL}[name] }
	set := &daySet{app: day.app, monitor: monitor.New(), voices: voices{&oneAtATime{out: day.app.Out}, &oneAtATime{out: day.app.Err}}}
	day.post = set.newPost()
	day.runAll(t.Context())
	day.post.Close(10*time.Second, nil)
	close(h.messages)
	got := map[string]int{}
	for m := range h.messages {
		assert.Equal(t, "d", m["gameDay"])
		name, _ := m["experiment"].(string)
		verdict, _ := m["verdict"].(string)
		undo, _ := m["undo"].(string)
		got[m["event"].(string)+" "+name+" "+verdict+" "+undo]++
	}
	assert.Equal(t, map[string]int{
		"started e1  ": 1, "started e2  ": 1, "finished e1 pass clean": 1, "finished e2 pass incomplete": 2, "dayFinished  fail incomplete": 1,
	}, got)
	assert.NotContains(t, errs.String(), h.URL)
}

// TestGameDayTellsNobody proves that a receiver who cannot be told is named, without its address, and keeps nothing from going on.
func TestGameDayTellsNobody(t *testing.T) {
	day, _, _, errs := aDay(t, daily+"  notify:\n  - {slack: {urlFrom: {env: HOOK}}}\n", 1, ran{code: report.ExitFail})
	day.app.Env = func(string) string { return "" }
	set := &daySet{app: day.app, monitor: monitor.New(), voices: voices{&oneAtATime{out: day.app.Out}, &oneAtATime{out: day.app.Err}}}
	day.post = set.newPost()
	assert.Equal(t, report.ExitFail, day.runAll(t.Context()))
	day.post.Close(10*time.Second, nil)
	assert.Contains(t, errs.String(), "warning: game day d: slack is not told of e1 finished: the address: the environment of chaosctl has no variable HOOK")
	require.NotContains(t, errs.String(), "http")
}
