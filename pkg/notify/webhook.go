package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Secret reads an address or a key where it is kept. Its error must not hold what it read.
type Secret func(ctx context.Context) (string, error)

// Receiver is told messages.
type Receiver interface {
	// Deliver makes one attempt. It may be called again with the same message, also where an attempt that failed has reached whom
	// it was for: Message.ID tells a repetition. A [*Failure] says whether another attempt can do better; any other error may
	// pass.
	Deliver(ctx context.Context, m Message) error
}

// Webhook sends messages to an address by POST.
type Webhook struct {
	// URL is the address. Key is what messages are signed with; nil leaves them unsigned.
	URL, Key Secret
	// Body makes the body; nil is the message in JSON.
	Body *Template
	// ContentType is that of the body; application/json unless told otherwise.
	ContentType string
	// Agent names the sender.
	Agent string
}

// Deliver sends the message, with an identifier, the present instant, and a signature over them and the body.
func (w *Webhook) Deliver(ctx context.Context, m Message) error {
	var body []byte
	if w.Body == nil {
		text, err := json.Marshal(m)
		if err != nil {
			return &Failure{Why: err.Error(), Final: true}
		}
		body = text
	} else {
		text, err := w.Body.Execute(m)
		if err != nil {
			return &Failure{Why: err.Error(), Final: true}
		}
		body = []byte(text)
	}
	var s signer
	if w.Key != nil {
		key, err := w.Key(ctx)
		if err != nil {
			return fmt.Errorf("the key of signatures: %w", err)
		}
		if s, err = newSigner(key); err != nil {
			return &Failure{Why: err.Error(), Final: true}
		}
	}
	kind := w.ContentType
	if kind == "" {
		kind = "application/json"
	}
	return post(ctx, w.URL, body, func(h http.Header) {
		h.Set("Content-Type", kind)
		h.Set("User-Agent", w.Agent)
		s.sign(h, m.ID, time.Now(), body)
	})
}

// mostOfAnswer is how much of an answer is read, so that its connection can be used again.
const mostOfAnswer = 64 << 10

// post sends a body once.
func post(ctx context.Context, where Secret, body []byte, headers func(http.Header)) error {
	text, err := where(ctx)
	if err != nil {
		return fmt.Errorf("the address: %w", err)
	}
	u, err := address(strings.TrimSpace(text))
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return &Failure{Why: "no request can be made of the address", Final: true}
	}
	headers(request.Header)
	response, err := client().Do(request)
	if err != nil {
		return ofTransport(err)
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, mostOfAnswer)
	return ofAnswer(response, time.Now())
}

// client follows no redirect: the signature and what it covers are for the address that was given. Messages are rare, so that no
// connection is kept.
func client() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
