// Package frontend is the service that customers see: one page, made from
// what the catalogue says.
package frontend

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/examples/shop/internal/password"
	"github.com/chaosctl/chaosctl/examples/shop/internal/process"
)

// defaultStale is how old a remembered catalogue may be. It covers the time
// in which a Service still leads to a pod that is gone.
const defaultStale = 10 * time.Second

// Run runs the service until it has stopped.
//
// Readiness does not depend on the catalogue. If it did, a failing catalogue
// would take every frontend out of its Service, and with them the page that
// can still be shown or at least explain itself.
func Run(env process.Env) error {
	s, err := env.Server("frontend")
	if err != nil {
		return err
	}
	address, err := catalogueURL(env.Getenv)
	if err != nil {
		return err
	}
	maxAge, err := env.Duration("SHOP_STALE", defaultStale)
	if err != nil {
		return err
	}
	latency, err := env.Duration("SHOP_LATENCY", 0)
	if err != nil {
		return err
	}
	work, err := env.Duration("SHOP_WORK", 0)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var ring password.Ring
	process.Start(ctx, s, env.MountPassword(s, &ring))

	retries := s.Metrics.Counter("shop_catalogue_retries_total", "Second attempts to reach the catalogue.", "")
	stale := s.Metrics.Counter("shop_stale_pages_total", "Pages made from a remembered catalogue.", "")
	asking := newClient(address, &ring, s.Log.Now, func() { retries.Add("") }, s.Weakness.Sticky)
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", &page{
		memory:  &memory{source: asking, maxAge: maxAge, now: s.Log.Now},
		latency: latency,
		work:    work,
		stale:   stale,
	})
	return s.Run(mux, env.Signals)
}

// catalogueURL finds the catalogue. Without CATALOGUE_URL it relies on the
// variables that Kubernetes sets for a Service named catalogue, so that the
// shop works in a cluster without DNS.
func catalogueURL(getenv func(string) string) (string, error) {
	if given := getenv("CATALOGUE_URL"); given != "" {
		u, err := url.Parse(given)
		if err != nil || u.Scheme != "http" || u.Host == "" {
			return "", errors.New("CATALOGUE_URL is not of the form http://host:port")
		}
		return strings.TrimSuffix(given, "/"), nil
	}
	host, port := getenv("CATALOGUE_SERVICE_HOST"), getenv("CATALOGUE_SERVICE_PORT")
	if host == "" || port == "" {
		return "", errors.New("no catalogue: set CATALOGUE_URL, or create a Service named catalogue before this pod")
	}
	return "http://" + net.JoinHostPort(host, port), nil
}
