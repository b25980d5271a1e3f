package frontend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/chaosctl/chaosctl/examples/shop/internal/catalogue"
	"github.com/chaosctl/chaosctl/examples/shop/internal/password"
)

// Bounds of one call. A pod that has just died leaves connections and even
// addresses that answer nothing, so that waiting is worse than trying again.
const (
	connectWithin = 250 * time.Millisecond
	answerWithin  = 500 * time.Millisecond
	idleAtMost    = 10 * time.Second
	attempts      = 2
	largestAnswer = 1 << 20 // bytes
)

// renewEvery is after how many requests a connection is given up. A Service
// chooses a pod per connection, so connections kept for ever would never
// find the pods that came later.
const renewEvery = 20

// errUnreachable marks a failure to get any answer from the catalogue, as
// opposed to an answer that says no.
var errUnreachable = errors.New("the catalogue cannot be reached")

// listing is an answer of the catalogue.
type listing struct {
	catalogue.Config
	pod string // which gave it
}

// client asks the catalogue for its products. It is safe for concurrent use.
type client struct {
	url    string
	ring   *password.Ring
	now    func() time.Time
	retry  func() // told of every second attempt
	sticky bool

	http *http.Client
	sent atomic.Uint64
}

func newClient(url string, ring *password.Ring, now func() time.Time, retry func(), sticky bool) *client {
	dialer := &net.Dialer{Timeout: connectWithin}
	transport := &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 32, IdleConnTimeout: idleAtMost}
	if sticky {
		transport.MaxConnsPerHost, transport.IdleConnTimeout = 1, 0
	}
	return &client{
		url: url, ring: ring, now: now, retry: retry, sticky: sticky,
		http: &http.Client{Transport: transport},
	}
}

// products asks with each password that is good at present, since the
// catalogue may have seen a new one earlier or later than this process.
func (c *client) products(ctx context.Context) (listing, error) {
	err := errors.New("no password to ask the catalogue with")
	for _, word := range c.ring.Good(c.now()) {
		var answer listing
		var status int
		answer, status, err = c.ask(ctx, word)
		if status != http.StatusUnauthorized {
			return answer, err
		}
	}
	return listing{}, err
}

// ask makes a second attempt when the first got no answer. To GET twice does
// no harm.
func (c *client) ask(ctx context.Context, word string) (answer listing, status int, err error) {
	for attempt := range attempts {
		if attempt > 0 {
			c.retry()
			// What else is in the pool may lead to the same dead pod.
			c.http.CloseIdleConnections()
		}
		answer, status, err = c.askOnce(ctx, word)
		if !errors.Is(err, errUnreachable) || ctx.Err() != nil {
			break
		}
	}
	return answer, status, err
}

func (c *client) askOnce(ctx context.Context, word string) (listing, int, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/products", nil)
	if err != nil {
		return listing{}, 0, err
	}
	request.Header.Set("Authorization", "Bearer "+word)
	request.Close = !c.sticky && c.sent.Add(1)%renewEvery == 0

	response, err := c.http.Do(request)
	if err != nil {
		return listing{}, 0, fmt.Errorf("%w: %w", errUnreachable, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, largestAnswer))
	if err != nil {
		return listing{}, 0, fmt.Errorf("%w: %w", errUnreachable, err)
	}
	if response.StatusCode != http.StatusOK {
		return listing{}, response.StatusCode, fmt.Errorf("the catalogue answered %s", response.Status)
	}
	answer := listing{pod: response.Header.Get("X-Pod")}
	if err := json.Unmarshal(body, &answer.Config); err != nil {
		return listing{}, response.StatusCode, fmt.Errorf("the catalogue answered what is no catalogue: %w", err)
	}
	return answer, response.StatusCode, nil
}
