package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
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
	assert.Zero(t, forWatches(&rest.Config{Timeout: time.Minute}).Timeout)
}
