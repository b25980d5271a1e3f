package doctor

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/engine"
	"github.com/chaosctl/chaosctl/pkg/load"
)

func TestAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/named":
			w.Header().Set("X-Pod", "web-0")
		case "/ill":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/moved":
			http.Redirect(w, r, "/ill", http.StatusFound)
		}
	}))
	defer server.Close()
	for name, c := range map[string]struct {
		url, header string
		level       Level
		want        string
	}{
		"well":              {server.URL, "", OK, "answers 200 OK"},
		"named":             {server.URL + "/named", "X-Pod", OK, "answers 200 OK"},
		"no name":           {server.URL, "X-Pod", Warning, "has no header X-Pod"},
		"not well":          {server.URL + "/ill", "X-Pod", Problem, "answers 503"},
		"a redirect is one": {server.URL + "/moved", "", OK, "answers 302"},
		"nobody":            {"http://127.0.0.1:1/", "", Problem, "gets no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			findings := answer(t.Context(), engine.Stream{Stream: load.Stream{
				Name: "browse", Method: http.MethodGet, URL: c.url, PodHeader: c.header, Timeout: 5 * time.Second,
			}})
			require.Len(t, findings, 1)
			assert.Equal(t, c.level, findings[0].Level)
			assert.Contains(t, findings[0].Message, c.want)
		})
	}
}
