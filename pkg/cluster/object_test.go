package cluster

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// discovered is what an API server says of itself that serves a few kinds of its own, and a custom one whose singular is not
// its kind in small letters.
var discovered = map[string]string{
	"/api": `{"kind":"APIVersions","versions":["v1"]}`,
	"/apis": `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"k8s.cni.cncf.io","versions":[{"groupVersion":"k8s.cni.cncf.io/v1","version":"v1"}],
		"preferredVersion":{"groupVersion":"k8s.cni.cncf.io/v1","version":"v1"}}]}`,
	"/api/v1": `{"kind":"APIResourceList","groupVersion":"v1","resources":[
		{"name":"configmaps","singularName":"configmap","namespaced":true,"kind":"ConfigMap","verbs":["create","delete","get","list","patch"]},
		{"name":"nodes","singularName":"node","namespaced":false,"kind":"Node","verbs":["get","list","patch"]},
		{"name":"bindings","singularName":"binding","namespaced":true,"kind":"Binding","verbs":["create"]}]}`,
	"/apis/k8s.cni.cncf.io/v1": `{"kind":"APIResourceList","groupVersion":"k8s.cni.cncf.io/v1","resources":[
		{"name":"network-attachment-definitions","singularName":"network-attachment-definition","namespaced":true,"kind":"NetworkAttachmentDefinition","verbs":["create","get"]}]}`,
}

func TestServed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := discovered[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
	require.NoError(t, err)
	c := &Cluster{Client: client}
	core := schema.GroupVersion{Version: "v1"}
	for kind, want := range map[string]Served{
		"configmap":     {core.WithResource("configmaps"), "ConfigMap", true, []string{"create", "delete", "get", "list", "patch"}},
		"ConfigMap":     {core.WithResource("configmaps"), "ConfigMap", true, []string{"create", "delete", "get", "list", "patch"}},
		"ConfigMap.v1.": {core.WithResource("configmaps"), "ConfigMap", true, []string{"create", "delete", "get", "list", "patch"}},
		"node":          {core.WithResource("nodes"), "Node", false, []string{"get", "list", "patch"}},
		"Binding.v1.":   {core.WithResource("bindings"), "Binding", true, []string{"create"}},
		"NetworkAttachmentDefinition.v1.k8s.cni.cncf.io": {
			schema.GroupVersionResource{Group: "k8s.cni.cncf.io", Version: "v1", Resource: "network-attachment-definitions"}, "NetworkAttachmentDefinition", true, []string{"create", "get"}},
		"NetworkAttachmentDefinition.k8s.cni.cncf.io": {
			schema.GroupVersionResource{Group: "k8s.cni.cncf.io", Version: "v1", Resource: "network-attachment-definitions"}, "NetworkAttachmentDefinition", true, []string{"create", "get"}},
	} {
		have, err := c.Served(kind)
		require.NoError(t, err, kind)
		assert.Equal(t, want, have, kind)
	}
	for _, kind := range []string{"teapot", "Teapot.v1.example.com", "ConfigMap.v2."} {
		_, err := c.Served(kind)
		var unserved *UnservedError
		require.ErrorAs(t, err, &unserved, kind)
	}
	server.Close()
	_, err = c.Served("configmap")
	require.Error(t, err)
	assert.NotErrorAs(t, err, new(*UnservedError), "that nobody answers says nothing of what is served")
}
