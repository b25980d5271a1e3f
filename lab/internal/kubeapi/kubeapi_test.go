package kubeapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func clientOf(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &Client{server: server.URL, http: server.Client()}
}

func TestGetTellsAbsenceFromFailure(t *testing.T) {
	client := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/there":
			io.WriteString(w, `{"kind":"Thing"}`)
		case "/broken":
			http.Error(w, "etcd is gone", http.StatusInternalServerError)
		default:
			http.NotFound(w, r)
		}
	})
	var thing struct{ Kind string }
	require.NoError(t, client.Get(t.Context(), "/there", &thing))
	assert.Equal(t, "Thing", thing.Kind)
	assert.ErrorIs(t, client.Get(t.Context(), "/absent", nil), ErrNotFound)
	assert.ErrorContains(t, client.Get(t.Context(), "/broken", nil), "etcd is gone")
}

func TestApplyIsServerSideApply(t *testing.T) {
	var got *http.Request
	client := clientOf(t, func(w http.ResponseWriter, r *http.Request) { got = r })
	require.NoError(t, client.Apply(t.Context(), "/api/v1/namespaces/x", []byte("kind: Namespace")))
	assert.Equal(t, http.MethodPatch, got.Method)
	assert.Equal(t, "application/apply-patch+yaml", got.Header.Get("Content-Type"))
	assert.Equal(t, "lab", got.URL.Query().Get("fieldManager"))
}
