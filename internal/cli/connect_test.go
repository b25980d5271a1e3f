package cli_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/internal/cli"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// call runs a command line, and gives its exit code and what it has printed.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	err := cli.Run(t.Context(), args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	return cli.Explain(&errs, err), out.String(), errs.String()
}

// kubeconfig writes one with a cluster, a context and a user, all called lab; the two texts go into cluster and user.
func kubeconfig(t *testing.T, cluster, user string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := "apiVersion: v1\nkind: Config\ncurrent-context: lab\ncontexts: [{name: lab, context: {cluster: lab, user: lab}}]\n" +
		"clusters: [{name: lab, cluster: {" + cluster + "}}]\nusers: [{name: lab, user: {" + user + "}}]\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// TestServersThatCannotBeUsed holds the sentence and the hint for each way in which the first contact fails.
func TestServersThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cluster string
		args    []string
		want    string
	}{
		"nothing listens": {
			cluster: at("https://" + closed(t)),
			want:    "the API server at SERVER cannot be reached: nothing listens there\nhint: check that the cluster runs, and the address in the kubeconfig (clusters[].cluster.server)",
		},
		"nobody answers": {
			cluster: at("https://" + speaks(t, "")), args: []string{"--request-timeout", "300ms"},
			want: "the API server at SERVER cannot be reached: no answer within 300ms\nhint: check the network and whether a VPN is needed; --request-timeout allows more time",
		},
		"slow": {
			cluster: at(serves(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })), args: []string{"--request-timeout", "300ms"},
			want: "the API server at SERVER cannot be reached: no answer within 300ms\nhint: check the network and whether a VPN is needed; --request-timeout allows more time",
		},
		"another protocol": {
			cluster: at("http://" + speaks(t, "SSH-2.0-OpenSSH_9.2p1\r\n")),
			want:    "what answers at SERVER is not a Kubernetes API server: it speaks another protocol\nhint: check the address in the kubeconfig (clusters[].cluster.server), and that no login page or proxy stands before it",
		},
		"another protocol in place of TLS": {
			cluster: at("https://" + speaks(t, "SSH-2.0-OpenSSH_9.2p1\r\n")),
			want:    "what answers at SERVER is not a Kubernetes API server: it speaks another protocol\nhint: check the address in the kubeconfig (clusters[].cluster.server), and that no login page or proxy stands before it",
		},
		"no TLS": {
			cluster: at(strings.Replace(serves(t, html(http.StatusOK)), "http:", "https:", 1)),
			want:    "what answers at SERVER is not a Kubernetes API server: it speaks HTTP without TLS\nhint: check the address in the kubeconfig (clusters[].cluster.server), and that no login page or proxy stands before it",
		},
		"a web page": {
			cluster: at(serves(t, html(http.StatusOK))),
			want:    "what answers at SERVER is not a Kubernetes API server: it answers no JSON\nhint: check the address in the kubeconfig (clusters[].cluster.server), and that no login page or proxy stands before it",
		},
		"no such web page": {
			cluster: at(serves(t, html(http.StatusNotFound))),
			want:    "what answers at SERVER is not a Kubernetes API server: it answers HTTP 404\nhint: check the address in the kubeconfig (clusters[].cluster.server), and that no login page or proxy stands before it",
		},
		"a web page for others": {
			cluster: at(serves(t, html(http.StatusForbidden))),
			want:    "what answers at SERVER is not a Kubernetes API server: it answers HTTP 403\nhint: check the address in the kubeconfig (clusters[].cluster.server), and that no login page or proxy stands before it",
		},
		"other JSON": {
			cluster: at(serves(t, answers(http.StatusOK, "{}"))),
			want:    "what answers at SERVER is not a Kubernetes API server: its /version names none\nhint: check the address in the kubeconfig (clusters[].cluster.server), and that no login page or proxy stands before it",
		},
		"a load balancer without a backend": {
			cluster: at(serves(t, html(http.StatusServiceUnavailable))),
			want:    "the API server at SERVER is not ready to serve (HTTP 503)\nhint: try again in a while",
		},
		"wrong credentials": {
			cluster: at(serves(t, answers(http.StatusUnauthorized, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}`))),
			want:    "the API server at SERVER does not accept the credentials of context \"lab\"\nhint: renew them, or use another context (--context)",
		},
		"no right to impersonate": {
			cluster: at(serves(t, answers(http.StatusForbidden, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"users \"nobody\" is forbidden: User \"ann\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope","reason":"Forbidden","code":403}`))),
			args:    []string{"--as", "nobody"},
			want:    "the API server at SERVER refuses: users \"nobody\" is forbidden: User \"ann\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope\nhint: check --as and --as-group, or use another context (--context)",
		},
		"a proxy that is gone": {
			cluster: at("https://cluster.test:6443") + ", proxy-url: 'http://127.0.0.1:1'",
			want:    "the API server at SERVER cannot be reached: its proxy does not answer: dial tcp 127.0.0.1:1: connect: connection refused\nhint: check --proxy-url, proxy-url in the kubeconfig, and HTTPS_PROXY and NO_PROXY in the environment",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, _, _ := strings.Cut(strings.TrimPrefix(c.cluster, "server: '"), "'")
			checkContact(t, kubeconfig(t, c.cluster, ""), server, c.args, report.ExitRefused, c.want)
		})
	}
}

// checkContact makes a first contact, and compares what is said.
func checkContact(t *testing.T, kubeconfig, server string, args []string, code int, want string) {
	t.Helper()
	began := time.Now()
	got, stdout, stderr := call(t, append([]string{"init", "--kubeconfig", kubeconfig}, args...)...)
	assert.Equal(t, code, got)
	assert.Empty(t, stdout)
	assert.Equal(t, "error: "+strings.ReplaceAll(want, "SERVER", server)+"\n", stderr)
	assert.Less(t, time.Since(began), 8*time.Second)
}

func at(server string) string { return "server: '" + server + "'" }

// closed is an address on which nothing listens.
func closed(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// speaks is the address of a server that greets each client, and answers nothing.
func speaks(t *testing.T, greeting string) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte(greeting)) // a client that is gone already is no matter
			context.AfterFunc(t.Context(), func() { conn.Close() })
		}
	}()
	return listener.Addr().String()
}

func serves(t *testing.T, handler http.HandlerFunc) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(server.Close)
	return server.URL
}

func html(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(code)
		_, _ = w.Write([]byte("<!doctype html><title>Sign in</title>\n<p>Please sign in.\n"))
	}
}

func answers(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}
