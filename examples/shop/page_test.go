package shop_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// withFrontend starts a frontend that asks the catalogue at a URL.
func withFrontend(t *testing.T, files mounts, url, weakness string) *service {
	env := files.env(weakness)
	env["CATALOGUE_URL"] = url
	s := running(t, "frontend", env)
	if weakness == "" {
		s.await("ready", 1)
	}
	return s
}

func TestPage(t *testing.T) {
	t.Parallel()
	files := newMounts(t)
	back := running(t, "catalogue", files.env(""))
	front := withFrontend(t, files, back.url, "")

	page := front.get("/")
	assert.Equal(t, http.StatusOK, page.status)
	assert.Contains(t, page.body, "Teapot: €24.90")
	assert.Equal(t, "frontend-0", page.header.Get("X-Pod"))
	assert.Equal(t, "catalogue-0", page.header.Get("X-Catalogue-Pod"))
	assert.Contains(t, front.get("/metrics").body, "shop_requests_total{code=\"200\"} 1\n")

	assert.NoError(t, back.cmd.Process.Kill())
	back.exitCode()
	page = front.get("/")
	assert.Equal(t, http.StatusOK, page.status, "made from memory")
	assert.Contains(t, page.body, "Teapot")
	assert.Empty(t, page.header.Get("X-Catalogue-Pod"))
	assert.NotEmpty(t, page.header.Get("X-Catalogue-Age"))
	assert.Contains(t, front.get("/metrics").body, "shop_stale_pages_total 1\n")
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	files, others := newMounts(t), newMounts(t)
	others.write("password", "something-else")
	back := running(t, "catalogue", files.env(""))
	front := withFrontend(t, others, back.url, "")

	page := front.get("/")
	assert.Equal(t, http.StatusBadGateway, page.status)
	assert.Contains(t, page.body, "401")
}

func TestFindsTheCatalogueWithoutDNS(t *testing.T) {
	t.Parallel()
	files := newMounts(t)
	env := files.env("")
	code, stderr := start(t, "frontend", env).exitCode()
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "create a Service named catalogue")

	env["CATALOGUE_SERVICE_HOST"], env["CATALOGUE_SERVICE_PORT"] = "127.0.0.1", "1"
	s := running(t, "frontend", env)
	page := s.get("/")
	assert.Equal(t, http.StatusBadGateway, page.status)
	assert.Contains(t, page.body, "127.0.0.1:1")
}

func TestAtMostSoManyPagesAtOnce(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}, 4), make(chan struct{}) // the frontend asks twice at the most
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-answer
		_, _ = w.Write([]byte(`{"mode": "open", "products": []}`))
	}))
	t.Cleanup(slow.Close)
	s := withFrontend(t, newMounts(t), slow.URL, "at-most-1")
	s.await("ready", 1)

	status := make(chan int, 1)
	go func() {
		got, _ := get(newClient(), s.url+"/")
		status <- got.status
	}()
	<-asked
	turnedAway := s.get("/")
	assert.Equal(t, http.StatusServiceUnavailable, turnedAway.status)
	assert.Contains(t, turnedAway.body, "too many requests at once")
	assert.Equal(t, http.StatusOK, s.get("/readyz").status, "probes are no requests")
	close(answer)
	assert.Equal(t, http.StatusOK, <-status)
	assert.Equal(t, http.StatusOK, s.get("/").status, "there is room again")
}

func TestPageTakesItsTime(t *testing.T) {
	t.Parallel()
	files := newMounts(t)
	env := files.env("")
	env["CATALOGUE_URL"] = running(t, "catalogue", env).url
	env["SHOP_LATENCY"], env["SHOP_WORK"] = "50ms", "20ms"
	s := running(t, "frontend", env)
	begin := time.Now()
	assert.Equal(t, http.StatusOK, s.get("/").status)
	assert.GreaterOrEqual(t, time.Since(begin), 70*time.Millisecond)
}
