package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/notify"
)

// key is a key of signatures, as Standard Webhooks writes it.
const key = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

// TestAttempts: a server that hangs, and then cannot answer, gets the message in the end, with the same identifier, and a signature
// that others can check.
func TestAttempts(t *testing.T) {
	t.Parallel()
	s := serve(t, hang, status(500), status(503), later(429, "1"), status(204))
	pace := quick()
	pace.Attempt = 200 * time.Millisecond
	p, all := aPost(t, pace)
	p.Send(failed("m1"), notify.Addressee{Name: "shop/webhook", Receiver: &notify.Webhook{URL: s.address(), Key: fixed(key + "\n"), Agent: "chaosctl/test"}})
	got := next(t, all)
	require.NoError(t, got.why)
	assert.Equal(t, notify.Delivered, got.o)
	assert.Equal(t, "shop/webhook", got.to)

	requests := s.requests()
	require.Len(t, requests, 5)
	checks, err := standard.NewWebhook(key)
	require.NoError(t, err)
	for _, r := range requests {
		assert.Equal(t, "m1", r.headers.Get("webhook-id"))
		assert.NoError(t, checks.Verify(r.body, r.headers))
		assert.Error(t, checks.Verify(append([]byte(" "), r.body...), r.headers))
		assert.Equal(t, "application/json", r.headers.Get("Content-Type"))
		assert.Equal(t, "chaosctl/test", r.headers.Get("User-Agent"))
	}
	assert.GreaterOrEqual(t, requests[4].at.Sub(requests[3].at), time.Second, "it asked not to be asked before")

	var body map[string]any
	require.NoError(t, json.Unmarshal(requests[4].body, &body))
	assert.Equal(t, map[string]any{
		"apiVersion": "chaosctl.dev/v1alpha1", "kind": "Notification", "id": "m1", "event": "finished", "at": "2027-03-02T10:31:12Z", "gameDay": "shop",
		"experiment": "pod-kill", "promise": "self-healing", "target": "shop/deployment/web", "runID": "r1", "verdict": "fail",
		"reason": "Failed: 1 of 2 expectations held", "mend": "a preStop hook", "undo": "clean", "report": "runs/r1/report.html",
		"text": "game day shop: pod-kill on shop/deployment/web failed: Failed: 1 of 2 expectations held. Mend: a preStop hook. Undo: clean. Report: runs/r1/report.html.",
	}, body)
}

// TestNotDelivered: what cannot be delivered is told, without the address, and without what the server said.
func TestNotDelivered(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, status(200))
	closed := serve(t, status(200))
	closed.Close()
	garbage := listen(t, func(c net.Conn) { _, _ = c.Write([]byte(hidden + "\r\n\r\n")) })
	cut := listen(t, func(net.Conn) {})
	pace := quick()
	pace.GiveUp = 50 * time.Millisecond
	for name, c := range map[string]struct {
		url   notify.Secret
		key   notify.Secret
		why   string
		final bool
	}{
		"refuses":   {url: serve(t, status(403)).address(), why: "the server answers 403", final: true},
		"is broken": {url: serve(t, status(500)).address(), why: "the server answers 500"},
		"sends elsewhere": {url: serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}).address(), why: "the server answers 307: a redirect is not followed", final: true},
		"asks for an hour":     {url: serve(t, later(429, "3600")).address(), why: "the server answers 429 (attempt 1)"},
		"is not there":         {url: closed.address(), why: "the connection is refused"},
		"cuts":                 {url: fixed("http://" + cut + "/" + hidden), why: "no answer came"},
		"speaks nothing":       {url: fixed("http://" + garbage + "/" + hidden), why: "no answer came"},
		"is no TLS":            {url: fixed("https://" + garbage + "/" + hidden), why: "no TLS connection can be made"},
		"is not known":         {url: fixed("http://" + hidden + ".invalid/"), why: "the name of the server"},
		"is no address":        {url: fixed("ftp://host/" + hidden), why: "what stands in place of the address is no URL of http or https", final: true},
		"is no address at all": {url: fixed("http://[" + hidden), why: "what stands in place of the address is no URL of http or https", final: true},
		"has a short key":      {url: serve(t, status(200)).address(), key: fixed(hidden), why: "the key of signatures is shorter than 24 bytes", final: true},
		"has a key of half":    {url: serve(t, status(200)).address(), key: fixed("whsec_" + hidden + "!"), why: "is not base64", final: true},
		"cannot be found out":  {url: func(context.Context) (string, error) { return "", errors.New("the Secret is away") }, why: "the address: the Secret is away"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, all := aPost(t, pace)
			p.Send(failed("m1"), notify.Addressee{Name: "one", Receiver: &notify.Webhook{URL: c.url, Key: c.key}})
			got := next(t, all)
			require.ErrorContains(t, got.why, c.why)
			assert.Equal(t, notify.Failed, got.o)
			assert.NotContains(t, got.why.Error(), hidden)
			assert.NotContains(t, got.why.Error(), "127.0.0.1")
			f := new(notify.Failure)
			assert.Equal(t, c.final, errors.As(got.why, &f) && f.Final)
		})
	}
	t.Cleanup(func() { assert.Empty(t, elsewhere.requests()) })
}

// listen accepts connections, does something with each, and cuts it.
func listen(t *testing.T, with func(net.Conn)) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			with(c)
			c.Close()
		}
	}()
	return l.Addr().String()
}

// TestNobodyWaits: a receiver that hangs holds up neither who sends nor other receivers, and not the end for longer than is wanted.
func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	hangs, well := serve(t, hang), serve(t, status(200))
	p, all := aPost(t, quick())
	to := []notify.Addressee{
		{Name: "hangs", Receiver: &notify.Webhook{URL: hangs.address()}}, {Name: "well", Receiver: &notify.Webhook{URL: well.address()}},
	}
	p.Send(failed("m0"), to...)
	require.Eventually(t, func() bool { return len(hangs.requests()) == 1 }, 10*time.Second, time.Millisecond)
	assert.Equal(t, "well", next(t, all).to)
	for i := range 12 {
		p.Send(failed(fmt.Sprint("m", i+1)), to[0])
	}
	for range 2 {
		got := next(t, all)
		assert.Equal(t, notify.Dropped, got.o, "ten may wait")
		assert.ErrorContains(t, got.why, "10 others wait for the same receiver")
	}
	began := time.Now()
	p.Close(50*time.Millisecond, nil)
	assert.Less(t, time.Since(began), 4*time.Second, "the attempt may take 5 s")
	outcomes := map[notify.Outcome]int{}
	for range 11 {
		got := next(t, all)
		assert.Equal(t, "hangs", got.to)
		assert.Error(t, got.why)
		outcomes[got.o]++
	}
	assert.Equal(t, map[notify.Outcome]int{notify.Failed: 1, notify.Dropped: 10}, outcomes)
	p.Send(failed("late"), to...)
	assert.Equal(t, notify.Dropped, next(t, all).o)
}

// TestCloseWaits for what is on its way, and does so without the pauses of a server that is down for long.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	s := serve(t, status(500), status(200))
	pace := quick()
	pace.Longest, pace.First, pace.GiveUp = time.Hour, 10*time.Millisecond, 3*time.Hour
	p, all := aPost(t, pace)
	p.Send(failed("m1"), notify.Addressee{Name: "one", Receiver: &notify.Webhook{URL: s.address()}})
	p.Close(20*time.Second, nil)
	assert.Equal(t, notify.Delivered, next(t, all).o)
}

// attempt is a function as a Receiver.
type attempt func() error

func (a attempt) Deliver(context.Context, notify.Message) error { return a() }

// TestCloseShortensPauses: where attempts have failed for so long that the next one is minutes away, the end does not wait for it.
func TestCloseShortensPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		away := attempt(func() error {
			if attempts++; attempts <= 8 {
				return errors.New("nobody is there")
			}
			return nil
		})
		came := make(chan notify.Outcome, 1)
		p := notify.NewPost(notify.Pace{First: time.Second, Longest: time.Hour, Attempt: time.Second, GiveUp: 3 * time.Hour, Waiting: 1},
			func(_ string, _ notify.Message, o notify.Outcome, _ error) { came <- o })
		p.Send(failed("m1"), notify.Addressee{Name: "one", Receiver: away})
		for attempts < 8 {
			time.Sleep(time.Second)
			synctest.Wait()
		}
		began := time.Now()
		p.Close(time.Minute, nil)
		assert.LessOrEqual(t, time.Since(began), time.Second)
		assert.Equal(t, notify.Delivered, <-came)
	})
}

// TestLeave: who leaves at once waits for nobody.
func TestLeave(t *testing.T) {
	t.Parallel()
	s := serve(t, hang)
	p, all := aPost(t, quick())
	p.Send(failed("m1"), notify.Addressee{Name: "one", Receiver: &notify.Webhook{URL: s.address()}})
	leave := make(chan struct{})
	close(leave)
	began := time.Now()
	p.Close(time.Hour, leave)
	assert.Less(t, time.Since(began), 4*time.Second, "the attempt may take 5 s, and another follows")
	assert.NotEqual(t, notify.Delivered, next(t, all).o)
}

// TestOrder: a receiver is told in the order of the events, also where an attempt failed.
func TestOrder(t *testing.T) {
	t.Parallel()
	s := serve(t, status(500), status(200))
	p, all := aPost(t, quick())
	for i := range 4 {
		p.Send(failed(fmt.Sprint("m", i)), notify.Addressee{Name: "one", Receiver: &notify.Webhook{URL: s.address()}})
	}
	for i := range 4 {
		assert.Equal(t, fmt.Sprint("m", i), next(t, all).m.ID)
	}
}

// TestOccasions: who is told of what.
func TestOccasions(t *testing.T) {
	t.Parallel()
	is := func(event notify.Event, verdict, undo string) notify.Message {
		m := failed("m")
		m.Event, m.Verdict, m.Undo = event, verdict, undo
		return m
	}
	for name, c := range map[string]struct {
		m    notify.Message
		on   []notify.Occasion
		want bool
	}{
		"a failure":                          {is(notify.Finished, "fail", "clean"), nil, true},
		"a pass":                             {is(notify.Finished, "pass", "clean"), nil, false},
		"a pass that has left something":     {is(notify.Finished, "pass", "incomplete"), nil, true},
		"a start":                            {is(notify.Started, "", ""), nil, false},
		"a hold":                             {is(notify.Held, "", ""), nil, true},
		"missed":                             {is(notify.Missed, "", ""), nil, true},
		"the end of the day":                 {is(notify.DayFinished, "fail", "clean"), nil, false},
		"the end of the day, asked for":      {is(notify.DayFinished, "fail", "clean"), []notify.Occasion{notify.OnDay}, true},
		"a failure, where it is the undo":    {is(notify.Finished, "fail", "clean"), []notify.Occasion{notify.OnUndoIncomplete}, false},
		"what is left, where it is the undo": {is(notify.Finished, "fail", "incomplete"), []notify.Occasion{notify.OnUndoIncomplete}, true},
		"a pass, asked for":                  {is(notify.Finished, "pass", "clean"), []notify.Occasion{notify.OnStarted, notify.OnPass}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, status(200))
			p, _ := aPost(t, quick())
			p.Send(c.m, notify.Addressee{Name: "one", On: c.on, Receiver: &notify.Webhook{URL: s.address()}})
			p.Close(20*time.Second, nil)
			assert.Equal(t, c.want, len(s.requests()) == 1)
		})
	}
}
