package e2e

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/rest"
)

// listener is a proxy before an API server that remembers what it was asked for.
type listener struct {
	*httptest.Server
	mu    sync.Mutex
	asked map[call]bool
}

// call is what the API server decides by whether to answer.
type call struct{ verb, group, resource, namespace, name string }

// listen makes a proxy that passes the credentials of its clients on, and has none itself.
func listen(t *testing.T, c *cluster) *listener {
	t.Helper()
	config := rest.AnonymousClientConfig(c.config)
	// A server may end an HTTP/2 connection at any time, after which a proxy cannot send a body again.
	config.NextProtos = []string{"http/1.1"}
	transport, err := rest.TransportFor(config)
	require.NoError(t, err)
	to, err := url.Parse(c.config.Host)
	require.NoError(t, err)
	l := &listener{asked: map[call]bool{}}
	proxy := &httputil.ReverseProxy{Transport: transport, FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	l.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.asked[callOf(r)] = true
		l.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(l.Close)
	return l
}

// authority is that of the proxy's certificate. There is one because client-go sends no token without TLS.
func (l *listener) authority() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: l.Certificate().Raw})
}

// heard says that something was asked for that takes the permission.
func (l *listener) heard(p permission) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range l.asked {
		if r.verb == p.Verbs[0] && r.group == p.APIGroups[0] && r.resource == p.Resources[0] && (len(p.ResourceNames) == 0 || r.name == p.ResourceNames[0]) {
			return true
		}
	}
	return false
}

// callOf reads a request as the API server does.
func callOf(r *http.Request) call {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	var out call
	switch parts[0] {
	case "api":
		parts = parts[min(2, len(parts)):]
	case "apis":
		if len(parts) > 1 {
			out.group = parts[1]
		}
		parts = parts[min(3, len(parts)):]
	}
	if len(parts) > 2 && parts[0] == "namespaces" {
		out.namespace, parts = parts[1], parts[2:]
	}
	part := func(i int) string {
		if i < len(parts) {
			return parts[i]
		}
		return ""
	}
	out.resource, out.name = part(0), part(1)
	if part(2) != "" {
		out.resource += "/" + part(2)
	}
	query := r.URL.Query()
	switch {
	case query.Get("watch") == "true":
		out.verb = "watch"
	case r.Method == http.MethodGet && out.name == "":
		out.verb = "list"
	case r.Method == http.MethodPost:
		out.verb = "create"
	case r.Method == http.MethodPut:
		out.verb = "update"
	default:
		out.verb = strings.ToLower(r.Method)
	}
	// A list of the one object of a name is allowed to those who may list this object.
	if selector, err := fields.ParseSelector(query.Get("fieldSelector")); err == nil && out.name == "" {
		out.name, _ = selector.RequiresExactMatch("metadata.name")
	}
	return out
}
