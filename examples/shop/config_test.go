package shop_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestReloadKeepsTheLastGood(t *testing.T) {
	t.Parallel()
	files := newMounts(t)
	s := running(t, "catalogue", files.env(""))
	s.await("ready", 1)
	assert.Contains(t, s.get("/products").body, "Teapot")
	assert.Contains(t, s.get("/metrics").body, "\nshop_config_broken 0\n")

	files.write("catalogue.json", brokenProducts)
	rejected := s.await("config-rejected", 1)
	assert.Equal(t, "catalogue", rejected.Config)
	assert.Contains(t, rejected.Error, "unexpected EOF")
	assert.Contains(t, s.get("/products").body, "Teapot")
	assert.Equal(t, http.StatusOK, s.get("/readyz").status)
	assert.Contains(t, s.get("/metrics").body, "\nshop_config_broken 1\n")

	files.write("catalogue.json", otherProducts)
	s.await("config-loaded", 3) // after the catalogue and the password of the start
	assert.Contains(t, s.get("/products").body, "Kettle")
	assert.Contains(t, s.get("/metrics").body, "\nshop_config_broken 0\n")
}

func TestBrokenFromTheStartIsNotReady(t *testing.T) {
	t.Parallel()
	files := newMounts(t)
	files.write("mode", "ajar")
	s := running(t, "catalogue", files.env(""))

	ready := s.get("/readyz")
	assert.Equal(t, http.StatusServiceUnavailable, ready.status)
	assert.Contains(t, ready.body, `"ajar" is neither`)
	assert.Equal(t, http.StatusOK, s.get("/healthz").status, "to restart it would not help")
	assert.Equal(t, http.StatusServiceUnavailable, s.get("/products").status)

	files.write("mode", "closed")
	s.await("ready", 1)
	assert.Contains(t, s.get("/products").body, `"mode":"closed"`)
}

func TestConfigAtStartOnly(t *testing.T) {
	t.Parallel()
	files := newMounts(t)
	weak := running(t, "catalogue", files.env("config-at-start-only"))
	healthy := running(t, "catalogue", files.env(""))

	// Two changes seen by the healthy twin: time enough for the weak one.
	files.write("catalogue.json", brokenProducts)
	healthy.await("config-rejected", 1)
	files.write("catalogue.json", otherProducts)
	healthy.await("config-loaded", 3)

	assert.Contains(t, healthy.get("/products").body, "Kettle")
	assert.Contains(t, weak.get("/products").body, "Teapot")
	_, seen := weak.find("config-rejected", 1)
	assert.False(t, seen)
}

func TestCrashOnBadConfig(t *testing.T) {
	t.Parallel()
	files := newMounts(t)
	s := running(t, "catalogue", files.env("crash-on-bad-config"))
	files.write("catalogue.json", brokenProducts)
	code, stderr := s.exitCode()
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "panic: catalogue.json")
	s.await("config-rejected", 1)

	code, _ = start(t, "catalogue", files.env("crash-on-bad-config")).exitCode()
	assert.Equal(t, 2, code, "at the start as well")
}

func TestPasswordRotatesWithoutARefusal(t *testing.T) {
	t.Parallel()
	files := newMounts(t)
	s := running(t, "catalogue", files.env(""))
	files.write("password", "the-next-password")
	s.await("config-loaded", 3)
	assert.Equal(t, http.StatusOK, s.get("/products").status, "the previous password is good for a while")

	files.write("password", "bad")
	assert.Equal(t, "password", s.await("config-rejected", 1).Config)
	assert.Equal(t, http.StatusOK, s.get("/products").status)
}
