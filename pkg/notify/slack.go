package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

// Slack sends messages to an incoming webhook of Slack, or of what takes the same: Mattermost, Rocket.Chat, Zulip, Discord at /slack.
type Slack struct {
	// URL is the address.
	URL Secret
	// Text makes the text; nil is that of the message. Its fields are escaped, so that none can be a link or call somebody.
	Text *Template
	// Agent names the sender.
	Agent string
}

// escapes are those that Slack asks for in texts (api.slack.com/reference/surfaces/formatting).
var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Deliver sends the text.
func (s *Slack) Deliver(ctx context.Context, m Message) error {
	m = m.mapped(escapes.Replace)
	text := m.Text()
	if s.Text != nil {
		var err error
		if text, err = s.Text.Execute(m); err != nil {
			return &Failure{Why: err.Error(), Final: true}
		}
	}
	body, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return &Failure{Why: err.Error(), Final: true}
	}
	return post(ctx, s.URL, body, func(h http.Header) {
		h.Set("Content-Type", "application/json")
		h.Set("User-Agent", s.Agent)
		signer{}.sign(h, m.ID, m.At, body)
	})
}
