package apply

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// TestDryRunOfAnAgent: the server keeps nothing of a dry run, so that the pod does not bear the mark without which an agent is not
// begun otherwise.
func TestDryRunOfAnAgent(t *testing.T) {
	var mu sync.Mutex
	var writes []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			mu.Lock()
			defer mu.Unlock()
			writes = append(writes, r.Method+" "+r.URL.Path+" dryRun="+r.URL.Query().Get("dryRun"))
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, aPod)
	}))
	defer server.Close()
	client, err := dynamic.NewForConfig(&rest.Config{Host: server.URL})
	require.NoError(t, err)
	c := &cluster.Cluster{Dynamic: client}
	change := agentIn("run-1").c
	assert.Equal(t, []error{nil}, DryRun(t.Context(), c, []inject.Change{*change}))
	const pod = "PATCH /api/v1/namespaces/shop/pods/web-1"
	assert.Equal(t, []string{pod + " dryRun=All", pod + "/ephemeralcontainers dryRun=All"}, writes)

	writes = nil
	require.NoError(t, AdmitAgent(t.Context(), c, change))
	assert.Equal(t, []string{pod + "/ephemeralcontainers dryRun=All"}, writes)
}
