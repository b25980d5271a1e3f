package engine

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/target"
)

const word = "hunter2"

// authorized is a plan with one load to a URL, in a cluster that has a Secret.
func authorized(t *testing.T, url string, auth *experiment.Auth) *Plan {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method != http.MethodGet || r.URL.Path != "/api/v1/namespaces/shop/secrets/login" {
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "message": "not found", "code": 404}`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "login", "namespace": "shop"}, "data": {"word": %q, "lines": %q, "blank": ""}}`,
			base64.StdEncoding.EncodeToString([]byte(word)), base64.StdEncoding.EncodeToString([]byte(word+"\n"+word)))
	}))
	t.Cleanup(api.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: api.URL})
	require.NoError(t, err)
	return &Plan{
		Workload: &cluster.Workload{Namespace: "shop"}, connection: &cluster.Cluster{Client: client}, Routes: []cluster.Route{{URL: url, Via: "url"}},
		Experiment: &experiment.Experiment{Spec: experiment.Spec{Target: experiment.Target{Namespace: "shop"}, Load: []experiment.Load{{
			Name: "browse", Connections: experiment.Both, Rate: experiment.Rate{PerSecond: 200}, HTTP: &experiment.HTTPLoad{
				URL: url, Method: http.MethodGet, PodHeader: "X-Pod", Auth: auth, Response: &experiment.Response{Contains: "welcome"},
			},
		}}}},
	}
}

func ofSecret(key string) experiment.SecretSource {
	return experiment.SecretSource{Secret: &experiment.SecretKey{Name: "login", Key: key}}
}

func TestAuthorize(t *testing.T) {
	t.Setenv("CHAOSCTL_TEST_WORD", word)
	fromEnv, fromSecret := experiment.SecretSource{Env: "CHAOSCTL_TEST_WORD"}, ofSecret("word")
	for name, c := range map[string]struct {
		auth *experiment.Auth
		want string
	}{
		"nothing":                {nil, ""},
		"bearer, environment":    {&experiment.Auth{BearerFrom: &fromEnv}, "Bearer hunter2"},
		"bearer, Secret":         {&experiment.Auth{BearerFrom: &fromSecret}, "Bearer hunter2"},
		"password, environment":  {&experiment.Auth{Basic: &experiment.BasicAuth{Username: "ann", PasswordFrom: fromEnv}}, "Basic YW5uOmh1bnRlcjI="},
		"password, of a Secret ": {&experiment.Auth{Basic: &experiment.BasicAuth{Username: "ann", PasswordFrom: fromSecret}}, "Basic YW5uOmh1bnRlcjI="},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			seen := map[string]bool{}
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				seen[r.Header.Get("Authorization")] = true
			}))
			defer server.Close()
			p := authorized(t, server.URL, c.auth)
			require.NoError(t, p.authorize(t.Context()))
			for _, s := range p.Streams() {
				_, err := s.Ask(t.Context())
				require.NoError(t, err)
			}
			assert.Equal(t, map[string]bool{c.want: true}, seen)
		})
	}
}

func TestAuthorizeRefuses(t *testing.T) {
	t.Setenv("CHAOSCTL_TEST_BLANK", " ")
	missing, blank := experiment.SecretSource{Env: "CHAOSCTL_TEST_NONE"}, experiment.SecretSource{Env: "CHAOSCTL_TEST_BLANK"}
	lines, none := ofSecret("lines"), ofSecret("none")
	other := experiment.SecretSource{Secret: &experiment.SecretKey{Name: "other", Key: "word"}}
	for want, auth := range map[string]*experiment.Auth{
		"load browse: the environment of chaosctl has no variable CHAOSCTL_TEST_NONE": {BearerFrom: &missing},
		"load browse: the variable CHAOSCTL_TEST_BLANK: the token is blank":           {BearerFrom: &blank},
		"load browse: Secret shop/login, key lines: the token holds an end of line":   {BearerFrom: &lines},
		"load browse: Secret shop/login has no key none":                              {BearerFrom: &none},
		"load browse: cannot read Secret shop/other: not found":                       {BearerFrom: &other},
		"load browse: Secret shop/login, key blank: the password is empty":            {Basic: &experiment.BasicAuth{Username: "ann", PasswordFrom: ofSecret("blank")}},
		"load browse: it is not said where the secret is":                             {Basic: &experiment.BasicAuth{Username: "ann"}},
	} {
		t.Run(want, func(t *testing.T) {
			err := authorized(t, "http://shop/", auth).authorize(t.Context())
			var refusal *target.Refusal
			require.ErrorAs(t, err, &refusal)
			assert.Contains(t, refusal.Reason, want)
			assert.NotContains(t, refusal.Reason, word)
		})
	}
}

// TestNoSecretIsRecorded: neither the plan nor the log nor the samples of a run have what the server is sent, even if that says it
// everywhere.
func TestNoSecretIsRecorded(t *testing.T) {
	const encoded = "YW5uOmh1bnRlcjI"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := r.Header.Get("Authorization")
		if assert.Contains(t, said, encoded) {
			w.Header().Set("X-Pod", said+" "+word)
			_, _ = fmt.Fprint(w, said, word)
		}
	}))
	defer server.Close()
	p := authorized(t, server.URL, &experiment.Auth{Basic: &experiment.BasicAuth{Username: "ann", PasswordFrom: ofSecret("word")}})
	require.NoError(t, p.authorize(ctx))
	r, recorded := logged(t, p)
	samples := filepath.Join(t.TempDir(), "samples.bin")
	file, err := os.Create(samples)
	require.NoError(t, err)
	r.Samples = load.NewWriter(file)
	r.baseline.counts = map[string]count{}
	r.Log.Record(p.Event())
	for _, s := range p.Streams() {
		streaming, end := context.WithCancel(ctx)
		r.Log.Record(s.started)
		r.Observe = func(load.Sample) { end() }
		r.stream(streaming, s, newAborts(nil, nil))
		end()
	}
	require.NoError(t, r.Samples.Close())
	require.NoError(t, file.Close())
	kept, err := os.ReadFile(samples)
	require.NoError(t, err)
	require.Contains(t, string(kept), "[secret]", "the name of the pod is in the file, without the secret")
	told, err := json.Marshal(*recorded)
	require.NoError(t, err)
	require.Contains(t, string(told), "the body does not contain")
	whole, err := json.Marshal(p.Experiment)
	require.NoError(t, err)
	plan := fmt.Sprintf("%+v %#v %+v", p, p, p.Streams())
	for name, text := range map[string][]byte{"samples": kept, "events": told, "experiment": whole, "plan": []byte(plan)} {
		for _, form := range []string{word, encoded} {
			assert.False(t, bytes.Contains(text, []byte(form)), "%s: %s", name, text)
		}
	}
}

// TestCertificatesAreRead: those that cannot be are refused, without a word of what is in them.
func TestCertificatesAreRead(t *testing.T) {
	for want, c := range map[string]experiment.ClientCert{
		"load browse: Secret shop/login, key word, and Secret shop/login, key lines: this is not a certificate": {CertFrom: ofSecret("word"), KeyFrom: ofSecret("lines")},
		"load browse: Secret shop/login has no key tls.crt":                                                     {CertFrom: ofSecret("tls.crt"), KeyFrom: ofSecret("word")},
		"load browse: Secret shop/login has no key tls.key":                                                     {CertFrom: ofSecret("word"), KeyFrom: ofSecret("tls.key")},
	} {
		p := authorized(t, "https://shop/", nil)
		p.Experiment.Spec.Load[0].HTTP.TLS = &experiment.ClientTLS{ClientCert: &c}
		var refusal *target.Refusal
		require.ErrorAs(t, p.authorize(t.Context()), &refusal)
		assert.Contains(t, refusal.Reason, want)
		assert.NotContains(t, refusal.Reason, word)
	}
}

// TestCertificatesAreShown: what is read reaches the streams.
func TestCertificatesAreShown(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})) // for its certificate
	defer server.Close()
	pair := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	require.NoError(t, err)
	t.Setenv("CHAOSCTL_TEST_CERT", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})))
	t.Setenv("CHAOSCTL_TEST_KEY", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	p := authorized(t, "https://shop/", nil)
	p.Experiment.Spec.Load[0].HTTP.TLS = &experiment.ClientTLS{ClientCert: &experiment.ClientCert{
		CertFrom: experiment.SecretSource{Env: "CHAOSCTL_TEST_CERT"}, KeyFrom: experiment.SecretSource{Env: "CHAOSCTL_TEST_KEY"},
	}}
	require.NoError(t, p.authorize(t.Context()))
	for _, s := range p.Streams() {
		assert.Equal(t, "[secret]", fmt.Sprint(s.Certificate))
		assert.NotNil(t, s.TLS)
	}
}
