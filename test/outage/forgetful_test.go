package outage

import (
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/clientcmd"
)

// forgetful is a relay that can forget its connections: it takes what is sent on them and passes nothing on, as a
// balancer does that was replaced. New ones it carries.
type forgetful struct {
	kubeconfig string

	mu        sync.Mutex
	forgotten chan struct{}
}

func newForgetful(t *testing.T) *forgetful {
	t.Helper()
	server, err := url.Parse(shared.config.Host)
	require.NoError(t, err)
	f := &forgetful{kubeconfig: filepath.Join(t.TempDir(), "kubeconfig"), forgotten: make(chan struct{})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go f.carry(client, server.Host)
		}
	}()
	leadTo(t, f.kubeconfig, listener.Addr().String())
	return f
}

// forget forgets the connections that there are.
func (f *forgetful) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.forgotten)
	f.forgotten = make(chan struct{})
}

func (f *forgetful) carry(client net.Conn, to string) {
	defer client.Close()
	upstream, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer upstream.Close()
	f.mu.Lock()
	forgotten := f.forgotten
	f.mu.Unlock()
	ended := make(chan struct{}, 2)
	copyAll := func(to io.Writer, from net.Conn) {
		buffer := make([]byte, 1<<16)
		for {
			n, err := from.Read(buffer)
			select {
			case <-forgotten:
				n = 0
			default:
			}
			if _, writeErr := to.Write(buffer[:n]); err != nil || writeErr != nil {
				ended <- struct{}{}
				return
			}
		}
	}
	go copyAll(upstream, client)
	go copyAll(client, upstream)
	<-ended
}

// TestForgottenConnection proves that an undo notices that its connection is dead, and takes another, well before the
// time is over that it may take.
func TestForgottenConnection(t *testing.T) {
	t.Parallel()
	s, f := newScene(t, faults), newForgetful(t)
	p := s.start(t, f.kubeconfig, s.experiment(t, 5*time.Minute), "--undo-timeout", "30s")
	f.forget()
	p.Signal(t, interrupt)
	s.assertOutcome(t, p, interrupted)
}

// leadTo writes a kubeconfig that leads to the API server by another address.
func leadTo(t *testing.T, kubeconfig, address string) {
	t.Helper()
	server, err := url.Parse(shared.config.Host)
	require.NoError(t, err)
	config, err := clientcmd.LoadFromFile(shared.Kubeconfig)
	require.NoError(t, err)
	for _, c := range config.Clusters {
		c.Server = "https://" + address
		c.TLSServerName = server.Hostname()
	}
	require.NoError(t, clientcmd.WriteToFile(*config, kubeconfig))
}
