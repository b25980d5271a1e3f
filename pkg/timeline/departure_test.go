package timeline

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/chaosctl/chaosctl/pkg/cluster"
)

// TestIsThere: a pod is there as long as one of its name has its UID; another of that name is another pod.
func TestIsThere(t *testing.T) {
	var there []corev1.Pod
	code := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/api/v1/namespaces/shop/pods" || r.URL.Query().Get("fieldSelector") != "metadata.name=web-a" {
			t.Errorf("not asked for as the watch may ask: %s %s", r.Method, r.URL)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(corev1.PodList{TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}, Items: there})
	}))
	defer server.Close()
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL, ContentConfig: rest.ContentConfig{ContentType: "application/json"}})
	require.NoError(t, err)
	r := NewRecorder(client, &cluster.Workload{Namespace: "shop"}, &memory{})
	for name, c := range map[string]struct {
		there []corev1.Pod
		want  bool
	}{
		"itself":        {[]corev1.Pod{*podIn("a")}, true},
		"nothing":       {nil, false},
		"another of it": {[]corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "web-a", Namespace: "shop", UID: "z"}}}, false},
	} {
		there = c.there
		found, err := r.isThere(t.Context(), podIn("a"))
		require.NoError(t, err, name)
		assert.Equal(t, c.want, found, name)
	}
	code = http.StatusForbidden
	_, err = r.isThere(t.Context(), podIn("a"))
	assert.Error(t, err)
}
