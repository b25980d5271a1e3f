package shop_test

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// resolution is how well an outage seen from outside must agree with the one
// that the application reports.
const resolution = 20 * time.Millisecond

// window is an outage as the control reports it.
type window struct{ Start, End time.Time }

// bracket is what a client knows of an instant: it lies between two of its
// own observations.
type bracket struct{ after, before time.Time }

func (b bracket) width() time.Duration { return b.before.Sub(b.after) }

func (b bracket) assertHolds(t *testing.T, at time.Time) {
	t.Helper()
	// The clocks are the same, but each side stamps just after the fact.
	const slack = time.Millisecond
	assert.WithinRange(t, at, b.after.Add(-slack), b.before.Add(slack))
}

// observe connects as fast as it can until an outage has come and gone.
func observe(t *testing.T, address string) (down, up bracket) {
	deadline := time.Now().Add(patience)
	for asked := time.Now(); asked.Before(deadline); asked = time.Now() {
		conn, err := net.Dial("tcp", address)
		switch done := time.Now(); {
		case err != nil && down.before.IsZero():
			down.before, up.after = done, asked
		case err != nil:
			up.after = asked
		case down.before.IsZero():
			down.after = asked
		default:
			up.before = done
		}
		if err == nil {
			_ = conn.Close()
		}
		if !up.before.IsZero() {
			return down, up
		}
		time.Sleep(time.Millisecond)
	}
	require.FailNow(t, "no outage seen")
	return
}

func TestOutageIsWhatClientsSee(t *testing.T) {
	env := newMounts(t).env("")
	env["SHOP_CONTROL"] = "1"
	s := running(t, "catalogue", env)
	control := s.await("control-listening", 1).url(t)

	// On a busy machine the observer itself may be too slow to tell.
	for nth := 1; nth <= 5; nth++ {
		idle, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		require.NoError(t, err)
		defer func() { _ = idle.Close() }()
		require.NoError(t, idle.SetDeadline(time.Now().Add(patience)))

		posted := make(chan int, 1)
		go func() {
			response, err := http.Post(control+"/control/outage?for=300ms", "", nil)
			if err == nil {
				_ = response.Body.Close()
				posted <- response.StatusCode
			}
			close(posted)
		}()
		down, up := observe(t, idle.RemoteAddr().String())
		assert.Equal(t, http.StatusAccepted, <-posted)
		_, err = idle.Read(make([]byte, 1))
		assert.ErrorContains(t, err, "reset", "open connections go down too")
		if down.width() > resolution || up.width() > resolution {
			continue
		}

		s.await("up", nth)
		var windows []window
		got, err := get(newClient(), control+"/control/outages")
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal([]byte(got.body), &windows))
		require.Len(t, windows, nth)
		down.assertHolds(t, windows[nth-1].Start)
		up.assertHolds(t, windows[nth-1].End)
		assert.Equal(t, windows[nth-1].Start, s.await("down", nth).Time)
		assert.Equal(t, windows[nth-1].End, s.await("up", nth).Time)
		assert.Equal(t, http.StatusOK, s.get("/products").status)
		return
	}
	t.Skip("the machine is too busy to observe an outage to 20 ms")
}

func TestOutageControlRefuses(t *testing.T) {
	t.Parallel()
	env := newMounts(t).env("")
	env["SHOP_CONTROL"] = "1"
	s := running(t, "catalogue", env)
	control := s.await("control-listening", 1).url(t)
	for query, want := range map[string]int{"": 400, "?for=soon": 400, "?for=-1s": 400, "?for=11m": 400} {
		response, err := http.Post(control+"/control/outage"+query, "", nil)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, want, response.StatusCode, query)
	}
	for _, want := range []int{http.StatusAccepted, http.StatusConflict} {
		response, err := http.Post(control+"/control/outage?for=5m", "", nil)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, want, response.StatusCode, "one outage at a time")
	}
}

func TestNoControlUnlessAskedFor(t *testing.T) {
	t.Parallel()
	s := running(t, "catalogue", newMounts(t).env(""))
	s.await("ready", 1)
	_, open := s.find("control-listening", 1)
	assert.False(t, open)
	assert.Equal(t, http.StatusNotFound, s.get("/control/outages").status)
}
