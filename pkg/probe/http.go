package probe

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "http",
	Summary: "A URL answers with an expected status, and a body that contains a text.",
	Example: `
- name: home
  http: {url: "https://shop.example/", status: 200, contains: Welcome}
  interval: 2s
`,
	New: func() Probe { return &HTTP{} },
})

// HTTP asks a URL on a connection of its own. No answer at all is a failure, since the condition is that it answers.
type HTTP struct {
	// URL is an http or https address that can be reached from where chaosctl runs.
	URL string `json:"url"`
	// Status is what the answer must have; any from 200 to 399 unless told otherwise.
	Status int `json:"status,omitempty"`
	// Contains is a text that the first MiB of the body must hold.
	Contains string `json:"contains,omitempty"`
}

// Check refuses what is no URL.
func (p *HTTP) Check(c *experiment.Check) {
	u, err := url.Parse(p.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		c.Fail("url", "%q is not a URL: expected http://host/path or https://host/path", p.URL)
	}
	if p.Status != 0 && (p.Status < 100 || p.Status > 599) {
		c.Fail("status", "%d is not an HTTP status: expected 100 to 599", p.Status)
	}
}

// Needs is nothing: the URL is not the API server's.
func (p *HTTP) Needs(access.Scope) []access.Need { return nil }

// What is read of an answer at the most, in bytes.
const (
	maxHeader = 64 << 10
	maxBody   = 1 << 20
)

// Measure sends one request.
func (p *HTTP) Measure(ctx context.Context, _ World) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, nil)
	if err != nil {
		return unknown("%w", err)
	}
	transport := &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: maxHeader}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return reason(err)
	}
	defer response.Body.Close()
	if p.Status == 0 && (response.StatusCode < 200 || response.StatusCode > 399) || p.Status != 0 && response.StatusCode != p.Status {
		return fmt.Errorf("the answer was %s", response.Status)
	}
	if p.Contains == "" {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return err
	}
	if !strings.Contains(string(body), p.Contains) {
		return fmt.Errorf("the body does not contain %q", p.Contains)
	}
	return nil
}
