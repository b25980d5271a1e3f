package load

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
)

// Answer is what one request of a stream got.
type Answer struct {
	Status int
	// Pod is the name in the answer's identity header; empty without one.
	Pod string
	// Cause says why it counts as a failure, and Why in words, where the cause alone does not say it.
	Cause Cause
	Why   string
}

// Ask sends one request as Run would, and waits for its answer. It is for who wants to know whether a stream will be served at all.
// The error says why there is no whole answer.
func (s Stream) Ask(ctx context.Context) (Answer, error) {
	asker := newAsker(ctx, s)
	defer asker.close()
	request, err := http.NewRequestWithContext(ctx, s.method(), s.URL, bytes.NewReader(s.body()))
	if err != nil {
		return Answer{}, err
	}
	request.Header = s.header()
	request.Host = cmp.Or(s.Host, request.Host)
	request.Header.Set(seqHeader, "0")
	client := http.Client{Transport: asker, CheckRedirect: doNotFollow}
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, &hushed{err, s.Authorization.told(causeOf(err), err.Error())}
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return Answer{}, &hushed{err, s.Authorization.told(causeOf(err), err.Error())}
	}
	o, _ := asker.take(0)
	return Answer{Status: o.status, Pod: o.pod, Cause: o.cause(), Why: cmp.Or(o.unmet, o.said)}, nil
}

// hushed is an error with a text in which there is no secret.
type hushed struct {
	err  error
	text string
}

func (h *hushed) Error() string { return h.text }

func (h *hushed) Unwrap() error { return h.err }
