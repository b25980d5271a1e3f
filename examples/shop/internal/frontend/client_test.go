package frontend

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/examples/shop/internal/catalogue"
	"github.com/chaosctl/chaosctl/examples/shop/internal/password"
)

const (
	word = "correct-horse"
	body = `{"mode": "open", "products": [{"name": "Cup", "price": 650}]}`
)

type connKey struct{}

// balanced starts a catalogue that, like a Service, gives each connection to
// one of two pods in turn.
func balanced(t *testing.T) *httptest.Server {
	var conns atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Pod", fmt.Sprintf("catalogue-%d", r.Context().Value(connKey{}).(int64)%2))
		_, _ = w.Write([]byte(body))
	}))
	s.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, conns.Add(1))
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func newTestClient(url string, sticky bool) (asking *client, retries *atomic.Int64) {
	var ring password.Ring
	ring.Rotate(word, time.Now())
	retries = new(atomic.Int64)
	return newClient(url, &ring, time.Now, func() { retries.Add(1) }, sticky), retries
}

// podsSeen returns which pods answer a hundred requests in a row.
func podsSeen(t *testing.T, c *client) map[string]int {
	seen := map[string]int{}
	for range 100 {
		answer, err := c.products(t.Context())
		require.NoError(t, err)
		seen[answer.pod]++
	}
	return seen
}

func TestFindsEveryPod(t *testing.T) {
	c, _ := newTestClient(balanced(t).URL, false)
	seen := podsSeen(t, c)
	assert.Len(t, seen, 2)
	for pod, count := range seen {
		assert.GreaterOrEqual(t, count, 40, pod)
	}
}

func TestStickyStaysWithOnePod(t *testing.T) {
	c, _ := newTestClient(balanced(t).URL, true)
	assert.Len(t, podsSeen(t, c), 1)
}

func TestTriesTwice(t *testing.T) {
	for name, hurt := range map[string]func(http.ResponseWriter, *http.Request){
		"reset":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"silence": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) == 1 {
					hurt(w, r)
					return
				}
				_, _ = w.Write([]byte(body))
			}))
			t.Cleanup(s.Close)
			c, retries := newTestClient(s.URL, false)
			answer, err := c.products(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []catalogue.Product{{Name: "Cup", Price: 650}}, answer.Products)
			assert.EqualValues(t, 1, retries.Load())
		})
	}
}

func TestGivesUpOnNobody(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	c, retries := newTestClient(s.URL, false)
	_, err := c.products(t.Context())
	assert.ErrorIs(t, err, errUnreachable)
	assert.EqualValues(t, 1, retries.Load())
}

func TestARefusalIsAnAnswer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusServiceUnavailable)
	}))
	t.Cleanup(s.Close)
	c, retries := newTestClient(s.URL, false)
	_, err := c.products(t.Context())
	assert.ErrorContains(t, err, "503")
	assert.NotErrorIs(t, err, errUnreachable)
	assert.Zero(t, retries.Load())
}

func TestFallsBackOnThePreviousPassword(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+word {
			http.Error(w, "wrong password", http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	c, _ := newTestClient(s.URL, false)
	c.ring.Rotate("the-next-one", time.Now())
	_, err := c.products(t.Context())
	assert.NoError(t, err, "the catalogue has not seen the new password yet")

	c.ring.Rotate("and-another-one", time.Now())
	_, err = c.products(t.Context())
	assert.ErrorContains(t, err, "401")
}
