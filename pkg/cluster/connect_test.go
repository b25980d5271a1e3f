package cluster

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/connrotation"
)

// TestTheBoundOfARequestSparesWatches proves that --request-timeout bounds the first contact, which is bounded without
// it as well, and that it does not cut off watches, which last as long as the run.
func TestTheBoundOfARequestSparesWatches(t *testing.T) {
	t.Parallel()
	connect := func(timeout string) *Cluster {
		config := clientcmdapi.Config{
			Clusters: map[string]*clientcmdapi.Cluster{"lab": {Server: "https://127.0.0.1:1"}}, AuthInfos: map[string]*clientcmdapi.AuthInfo{"lab": {}},
			Contexts: map[string]*clientcmdapi.Context{"lab": {Cluster: "lab", AuthInfo: "lab", Namespace: "shop"}}, CurrentContext: "lab",
		}
		c, err := Connect(clientcmd.NewDefaultClientConfig(config, &clientcmd.ConfigOverrides{Timeout: timeout}), "test", nil)
		require.NoError(t, err)
		return c
	}
	assert.Equal(t, 10*time.Second, connect("").patience)
	assert.Equal(t, 10*time.Second, connect("0").patience)
	assert.Equal(t, time.Minute, connect("1m").patience)
	assert.Equal(t, "shop", connect("").Namespace)
	assert.Equal(t, "lab", connect("").Context)
	assert.Zero(t, forWatches(&rest.Config{Timeout: time.Minute}, &connrotation.Dialer{}).Timeout)
}

// TestCloseEndsTheConnectionOfWatches proves that a connection that was made for watches does not outlast its use.
func TestCloseEndsTheConnectionOfWatches(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"gitVersion": "v1.37.2"}`))
	}))
	server.EnableHTTP2 = true
	server.Config.ConnState = func(c net.Conn, state http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		open[c] = state != http.StateClosed
		if state == http.StateClosed {
			delete(open, c)
		}
	}
	server.StartTLS()
	defer server.Close()
	config := clientcmdapi.Config{
		Clusters:  map[string]*clientcmdapi.Cluster{"it": {Server: server.URL, InsecureSkipTLSVerify: true}},
		AuthInfos: map[string]*clientcmdapi.AuthInfo{"it": {}}, Contexts: map[string]*clientcmdapi.Context{"it": {Cluster: "it", AuthInfo: "it"}}, CurrentContext: "it",
	}
	connections := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(open)
	}
	for range 3 {
		c, err := Connect(clientcmd.NewDefaultClientConfig(config, &clientcmd.ConfigOverrides{}), "test", nil)
		require.NoError(t, err)
		_, err = c.Watch.Discovery().ServerVersion()
		require.NoError(t, err)
		assert.Positive(t, connections())
		c.Close()
		require.Eventually(t, func() bool { return connections() == 0 }, 5*time.Second, 10*time.Millisecond)
	}
}
