package engine

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/probe"
)

// TestWorldHasThePodsOfTheTarget, or those that labels select, of the target's namespace in any case.
func TestWorldHasThePodsOfTheTarget(t *testing.T) {
	var asked []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path+" "+r.URL.Query().Get("labelSelector"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "web-1"}, "spec": {"containers": [{"name": "app"}]},
			"status": {"containerStatuses": [{"name": "app", "state": {"running": {}}}]}}]}`))
	}))
	defer api.Close()
	client, err := kubernetes.NewForConfig(&rest.Config{Host: api.URL})
	require.NoError(t, err)
	w := world{
		cluster:  &cluster.Cluster{Client: client},
		workload: &cluster.Workload{Namespace: "shop", Selector: labels.SelectorFromSet(labels.Set{"app": "web"})},
	}
	for _, with := range []map[string]string{nil, {"app": "db"}} {
		pods, err := w.Pods(t.Context(), with)
		require.NoError(t, err)
		assert.Equal(t, []probe.Pod{{Name: "web-1", Containers: []probe.Container{{Name: "app", Running: true, Began: true}}}}, pods)
	}
	assert.Equal(t, "/api/v1/namespaces/shop/pods app=web, /api/v1/namespaces/shop/pods app=db", strings.Join(asked, ", "))
}
