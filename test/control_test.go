package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// control is the outage control of one pod: it takes the pod down for a while, and says exactly when that was.
type control struct{ ip string }

// outage is a span in which the pod could not be reached, by its own account.
type outage struct{ Start, End time.Time }

// controlOf is the control of the shop's only frontend.
func controlOf(t *testing.T, s *shop) control {
	t.Helper()
	pods := s.frontends(t)
	require.Len(t, pods, 1)
	return control{pods[0].Status.PodIP}
}

// page is the URL at which the pod itself serves.
func (c control) page() string { return "http://" + c.ip + ":8080/" }

// begin takes the pod down, and returns when it is.
func (c control) begin(t *testing.T, length time.Duration) {
	t.Helper()
	status, body := request(t, http.MethodPost, "http://"+c.ip+":8081/control/outage?for="+length.String())
	require.Equal(t, http.StatusAccepted, status, body)
}

// outages are those up to now; the last one has no end while it lasts.
func (c control) outages(t *testing.T) []outage {
	t.Helper()
	status, body := request(t, http.MethodGet, "http://"+c.ip+":8081/control/outages")
	require.Equal(t, http.StatusOK, status, body)
	var all []outage
	require.NoError(t, json.Unmarshal([]byte(body), &all))
	return all
}

// ended waits until so many outages are over.
func (c control) ended(t *testing.T, outages int) {
	t.Helper()
	eventually(t, 20*time.Second, "the outage ends", func() bool {
		all := c.outages(t)
		return len(all) == outages && !all[outages-1].End.IsZero()
	})
}

// cause takes the pod down, and returns when it serves again and has served some pages.
func (c control) cause(t *testing.T, length time.Duration) {
	t.Helper()
	before := len(c.outages(t))
	c.begin(t, length)
	c.ended(t, before+1)
	for range 5 {
		status, body := request(t, http.MethodGet, c.page())
		require.Equal(t, http.StatusOK, status, body)
	}
}

func request(t *testing.T, method, url string) (status int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, nil)
	require.NoError(t, err)
	r.Close = true
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

// eventually waits for a condition.
func eventually(t *testing.T, within time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, within)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
