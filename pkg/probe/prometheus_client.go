package probe

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
)

// asker asks a server, and keeps quiet about how it is let in.
type asker struct {
	api api.Client
	// secrets are those in any form in which they are sent.
	secrets []string
}

// hush takes the secrets out of a message: who is sent one may send it back.
func (a *asker) hush(message string) string {
	for _, secret := range a.secrets {
		message = strings.ReplaceAll(message, secret, "[secret]")
	}
	return message
}

// told is why there is no value, in words for people.
func (a *asker) told(err error) string {
	message := a.hush(reason(err).Error())
	if answer, ok := errors.AsType[*v1.Error](err); ok && answer.Detail != "" {
		message += ", " + excerpt(a.hush(answer.Detail))
	}
	if isLate(err) {
		message = "no answer in time: " + message
	}
	return message
}

// doubt is why an answer says nothing: there is none, or the server itself is not sure of it.
func (a *asker) doubt(warnings v1.Warnings, err error) error {
	switch {
	case err != nil:
		return unknown("%s", a.told(err))
	case len(warnings) > 0:
		return unknown("the server warns, so the value may not be whole: %s", a.hush(strings.Join(warnings, "; ")))
	}
	return nil
}

// client makes the client of one check.
func (p *Prometheus) client() (*asker, error) {
	u, err := url.Parse(p.URL)
	if err != nil {
		return nil, unknown("the url is none")
	}
	authorization, secrets, err := p.authorization()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: maxHeader}
	if p.TLS != nil {
		transport.TLSClientConfig = p.TLS.Config(u.Hostname())
	}
	client, err := api.NewClient(api.Config{Address: p.URL, Client: &http.Client{
		Transport: &guarded{transport, authorization},
		CheckRedirect: func(to *http.Request, _ []*http.Request) error {
			return fmt.Errorf("the server redirects to %s, where no secret is sent: name that as url", to.URL.Redacted())
		},
	}})
	if err != nil {
		return nil, unknown("%w", err)
	}
	return &asker{client, secrets}, nil
}

// authorization is the header by which the server lets one in, and what of it must not be told.
func (p *Prometheus) authorization() (header string, secrets []string, err error) {
	switch {
	case p.BearerFrom != "":
		token, err := secretOf(p.BearerFrom)
		if token = strings.TrimSpace(token); err == nil && token == "" {
			err = unknown("the variable %s is blank", p.BearerFrom)
		}
		return "Bearer " + token, []string{token}, err
	case p.Basic != nil:
		password, err := secretOf(p.Basic.PasswordFrom)
		encoded := base64.StdEncoding.EncodeToString([]byte(p.Basic.Username + ":" + password))
		return "Basic " + encoded, []string{encoded, password}, err
	}
	return "", nil, nil
}

// guarded sends the header, and bounds the answers.
type guarded struct {
	next          http.RoundTripper
	authorization string
}

// RoundTrip sends one request. The body is cut off, with an error, where it is too long.
func (g *guarded) RoundTrip(request *http.Request) (*http.Response, error) {
	if g.authorization != "" {
		request = request.Clone(request.Context())
		request.Header.Set("Authorization", g.authorization)
	}
	response, err := g.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body = &short{response.Body, maxBody}
	return response, nil
}

// short is a body that must not be longer than what is left.
type short struct {
	io.ReadCloser
	left int64
}

var errTooLong = errors.New("the answer has more than 1 MiB")

func (s *short) Read(p []byte) (int, error) {
	if s.left < 0 {
		return 0, errTooLong
	}
	n, err := s.ReadCloser.Read(p[:min(int64(len(p)), s.left+1)])
	if s.left -= int64(n); s.left < 0 {
		return 0, errTooLong
	}
	return n, err
}
