package outage

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// gate passes the requests of one run on to the API server, by HTTP/2 and with its own credentials, until it is given a
// rule of what else to do with them.
type gate struct {
	// kubeconfig leads to the API server by the gate.
	kubeconfig string

	upstream http.Handler
	rule     atomic.Pointer[http.HandlerFunc]
}

func newGate(t *testing.T) *gate {
	t.Helper()
	to, err := url.Parse(shared.config.Host)
	require.NoError(t, err)
	transport, err := rest.TransportFor(shared.config)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: transport, FlushInterval: -1, // watches
		ErrorLog: log.New(io.Discard, "", 0), // of requests that chaosctl ends
	}
	g := &gate{upstream: proxy, kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	server := httptest.NewUnstartedServer(g)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	config := clientcmdapi.NewConfig()
	config.Clusters["gate"] = &clientcmdapi.Cluster{
		Server: server.URL, CertificateAuthorityData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
	}
	config.Contexts["gate"] = &clientcmdapi.Context{Cluster: "gate"}
	config.CurrentContext = "gate"
	require.NoError(t, clientcmd.WriteToFile(*config, g.kubeconfig))
	return g
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rule := g.rule.Load(); rule != nil {
		(*rule)(w, r)
		return
	}
	g.upstream.ServeHTTP(w, r)
}

// rules makes the gate do something else with requests of a kind.
func (g *gate) rules(matches func(*http.Request) bool, do http.HandlerFunc) {
	rule := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if matches(r) {
			do(w, r)
			return
		}
		g.upstream.ServeHTTP(w, r)
	})
	g.rule.Store(&rule)
}

// loseAnswer passes a request on, and resets it when the API server has carried it out.
func (g *gate) loseAnswer(_ http.ResponseWriter, r *http.Request) {
	g.upstream.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithoutCancel(r.Context())))
	panic(http.ErrAbortHandler)
}

// patchesConfigMap recognises the requests that break ConfigMaps, and put them back.
func patchesConfigMap(r *http.Request) bool {
	return r.Method == http.MethodPatch && strings.Contains(r.URL.Path, "/configmaps/")
}

// evicts recognises evictions.
func evicts(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/eviction")
}

// tooMuch answers as the API server does where it is asked too much (API priority and fairness).
func tooMuch(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, "Too many requests, please try again later.", http.StatusTooManyRequests)
}
