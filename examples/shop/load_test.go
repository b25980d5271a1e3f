package shop_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// clients is how many of them ask at the same time, each on one kept-alive
// connection.
const clients = 8

// load asks again and again until it is withdrawn.
type load struct {
	requests  atomic.Int64
	withdrawn chan struct{}
	wait      sync.WaitGroup
	mu        sync.Mutex
	failures  []error
}

func startLoad(url string) *load {
	l := &load{withdrawn: make(chan struct{})}
	for range clients {
		l.wait.Go(func() { l.ask(url) })
	}
	return l
}

func (l *load) ask(url string) {
	client := newClient()
	defer client.CloseIdleConnections()
	for {
		select {
		case <-l.withdrawn:
			return
		default:
		}
		_, err := get(client, url)
		l.requests.Add(1)
		if err != nil {
			l.mu.Lock()
			l.failures = append(l.failures, err)
			l.mu.Unlock()
		}
		time.Sleep(time.Millisecond) // a pace that leaves the processor to others
	}
}

// withdraw plays Kubernetes' part in a stop: some time after the pod is no
// longer ready, no more requests are sent to it.
func (l *load) withdraw(t *testing.T, s *service) {
	client := newClient()
	client.Transport = &http.Transport{DisableKeepAlives: true}
	s.eventually(func() bool {
		got, err := get(client, s.url+"/readyz")
		return err != nil || got.status != http.StatusOK
	}, "not ready")
	time.Sleep(100 * time.Millisecond) // what the news needs to get to every node
	close(l.withdrawn)
	l.wait.Wait()
}

// warm waits until every client has been served a few times.
func (l *load) warm(t *testing.T) {
	require.Eventually(t, func() bool { return l.requests.Load() > 10*clients }, patience, time.Millisecond)
}
