package recovery

import (
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/chaosctl/chaosctl/pkg/cluster"
)

// mortal carries the requests of one process that can die: after its death none arrives any more. What the process then
// still does is seen by nobody, as if it had been killed.
type mortal struct {
	base http.RoundTripper
	// died is called once, at death.
	died func()

	mu   sync.Mutex
	dead bool
	// left is how many requests it has yet to live; negative for any number.
	left int
	// carriedOut says that the last request of all arrives, and its answer does not.
	carriedOut bool
}

var errDead = errors.New("the process is dead")

func (m *mortal) RoundTrip(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	if m.dead {
		m.mu.Unlock()
		return nil, errDead
	}
	last := m.left == 0
	m.left--
	m.dead = last
	arrives := !last || m.carriedOut
	m.mu.Unlock()
	if last {
		defer m.died()
	}
	if !arrives {
		return nil, errDead
	}
	answer, err := m.base.RoundTrip(r)
	if last && err == nil {
		_ = answer.Body.Close()
		return nil, errDead
	}
	return answer, err
}

// die ends the process now.
func (m *mortal) die() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
}

// dieAt ends it with the n-th request from now.
func (m *mortal) dieAt(n int, carriedOut bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left, m.carriedOut = n, carriedOut
}

func (m *mortal) isDead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

// connect makes a connection that can die. All of them share the TCP connections of the test.
func connect(t require.TestingT, died func()) (*cluster.Cluster, *mortal) {
	m := &mortal{base: shared.http.Transport, died: died, left: -1}
	client := &http.Client{Transport: m}
	config := rest.CopyConfig(shared.config)
	config.WarningHandler = rest.NoWarnings{}
	c := &cluster.Cluster{}
	var err error
	c.Client, err = kubernetes.NewForConfigAndClient(config, client)
	require.NoError(t, err)
	c.Dynamic, err = dynamic.NewForConfigAndClient(config, client)
	require.NoError(t, err)
	c.Metadata, err = metadata.NewForConfigAndClient(config, client)
	require.NoError(t, err)
	c.Watch = c.Client
	return c, m
}

// immortal is a connection of the test's own.
func immortal(t testing.TB) *cluster.Cluster {
	c, _ := connect(t, func() {})
	return c
}
