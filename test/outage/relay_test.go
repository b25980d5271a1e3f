package outage

import (
	"context"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// relay carries the TCP connections of one run to the API server, until it is told to do it badly.
type relay struct {
	proxy *toxiproxy.Proxy
	// kubeconfig leads to the API server by the relay.
	kubeconfig string
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	server, err := url.Parse(shared.config.Host)
	require.NoError(t, err)
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), t.Name(), "127.0.0.1:0", server.Host)
	require.NoError(t, proxy.Start())
	t.Cleanup(proxy.Stop)
	r := &relay{proxy: proxy, kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	leadTo(t, r.kubeconfig, proxy.Listen)
	return r
}

// spoil makes the relay do badly; see the toxics of Toxiproxy.
func (r *relay) spoil(t *testing.T, toxic string) {
	t.Helper()
	_, err := r.proxy.Toxics.AddToxicJson(strings.NewReader(toxic))
	require.NoError(t, err)
}

// heal makes it do well again.
func (r *relay) heal(t *testing.T) {
	t.Helper()
	r.proxy.Toxics.ResetToxics(context.WithoutCancel(t.Context()))
}

// refuse closes all connections and takes no new ones.
func (r *relay) refuse() { r.proxy.Stop() }

// accept takes connections again.
func (r *relay) accept(t *testing.T) {
	t.Helper()
	require.NoError(t, r.proxy.Start())
}
