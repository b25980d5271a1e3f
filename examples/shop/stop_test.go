package shop_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGracefulStopLosesNothing(t *testing.T) {
	t.Parallel()
	s := running(t, "catalogue", newMounts(t).env(""))
	l := startLoad(s.url + "/products")
	l.warm(t)
	s.signal(syscall.SIGTERM)
	s.await("stopping", 1)
	draining := s.get("/products")
	assert.Equal(t, http.StatusOK, draining.status)
	assert.True(t, draining.close, "clients are asked to connect anew")
	l.withdraw(t, s)

	code, stderr := s.exitCode()
	assert.Zero(t, code, stderr)
	assert.Empty(t, l.failures)

	first, last := s.await("first-request", 1), s.await("last-request", 1)
	stopping, closed := s.await("stopping", 1), s.await("closed", 1)
	assert.True(t, first.Time.Before(stopping.Time))
	assert.True(t, last.Time.After(stopping.Time), "it served on during the drain")
	assert.True(t, last.Time.Before(closed.Time))
	assert.GreaterOrEqual(t, closed.Time.Sub(stopping.Time), time.Second, "the drain delay")
}

func TestAbruptStopLosesRequests(t *testing.T) {
	t.Parallel()
	s := running(t, "catalogue", newMounts(t).env("abrupt-stop"))
	l := startLoad(s.url + "/products")
	l.warm(t)
	s.signal(syscall.SIGTERM)
	l.withdraw(t, s)

	code, stderr := s.exitCode()
	assert.Zero(t, code, stderr)
	assert.NotEmpty(t, l.failures)
	stopping, closed := s.await("stopping", 1), s.await("closed", 1)
	assert.Less(t, closed.Time.Sub(stopping.Time), 200*time.Millisecond)
}

func TestGracefulStopFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		_, _ = w.Write([]byte(`{"mode": "open", "products": []}`))
	}))
	t.Cleanup(slow.Close)
	env := newMounts(t).env("")
	env["CATALOGUE_URL"], env["SHOP_DRAIN"] = slow.URL, "0s"
	s := running(t, "frontend", env)

	status := make(chan int, 1)
	go func() {
		got, _ := get(newClient(), s.url+"/")
		status <- got.status
	}()
	<-asked
	s.signal(syscall.SIGTERM)
	closed := s.await("closed", 1)
	close(answer)
	assert.Equal(t, http.StatusOK, <-status)
	code, stderr := s.exitCode()
	assert.Zero(t, code, stderr)
	assert.True(t, s.await("last-request", 1).Time.After(closed.Time))
}

func TestIgnoreSIGTERM(t *testing.T) {
	t.Parallel()
	s := running(t, "catalogue", newMounts(t).env("ignore-sigterm"))
	s.signal(syscall.SIGTERM)
	s.await("sigterm-ignored", 1)
	assert.Equal(t, http.StatusOK, s.get("/readyz").status)
	got := s.get("/products")
	assert.Equal(t, http.StatusOK, got.status)
	assert.False(t, got.close)
	_, stopping := s.find("stopping", 1)
	assert.False(t, stopping)

	s.signal(syscall.SIGKILL)
	code, _ := s.exitCode()
	assert.Equal(t, -1, code, "killed by a signal")
}

func TestUnknownWeaknessIsRefused(t *testing.T) {
	t.Parallel()
	code, stderr := start(t, "catalogue", newMounts(t).env("clumsy")).exitCode()
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, `error: SHOP_WEAKNESS: unknown weakness "clumsy"; known are slow-start`)
}

func TestSlowStart(t *testing.T) {
	t.Parallel()
	s := running(t, "catalogue", newMounts(t).env("slow-start=1500ms"))
	assert.Equal(t, http.StatusServiceUnavailable, s.get("/readyz").status)
	assert.Equal(t, http.StatusServiceUnavailable, s.get("/products").status)
	assert.Equal(t, http.StatusOK, s.get("/healthz").status)

	ready, listening := s.await("ready", 1), s.await("listening", 1)
	assert.GreaterOrEqual(t, ready.Time.Sub(listening.Time), 1500*time.Millisecond)
	assert.Equal(t, http.StatusOK, s.get("/products").status)
}

func TestDropShowsOnKeptAliveConnections(t *testing.T) {
	t.Parallel()
	s := running(t, "catalogue", newMounts(t).env("drop-20-percent"))
	client, failures := newClient(), 0
	for range 400 {
		if _, err := get(client, s.url+"/products"); err != nil {
			failures++
		}
	}
	assert.InDelta(t, 80, failures, 48, "six standard deviations")
	require.Regexp(t, `(?m)^shop_requests_dropped_total `+strconv.Itoa(failures)+`$`, s.get("/metrics").body)
}
