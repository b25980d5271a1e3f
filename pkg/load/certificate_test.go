package load_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/trust"
)

// pair is a certificate for clients, by nobody but itself, and its key.
func pair(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	bytes, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	encode := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", bytes)
}

// TestServersThatWantToSeeACertificate lets those in that show theirs, and no others.
func TestServersThatWantToSeeACertificate(t *testing.T) {
	certificate, key := pair(t)
	known := x509.NewCertPool()
	require.True(t, known.AppendCertsFromPEM([]byte(certificate)))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = discard
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: known}
	server.StartTLS()
	defer server.Close()
	calls := serveGRPC(t, says(serving, nil), grpc.Creds(credentials.NewTLS(server.TLS.Clone())))
	trusted := &trust.Trust{CA: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))}
	ours, err := load.CertificateOf(certificate, key)
	require.NoError(t, err)
	anothers, err := load.CertificateOf(pair(t))
	require.NoError(t, err)
	// By TLS 1.3 a client has sent its request when it is refused, and the end of the connection may overtake the reason.
	refused := []load.Cause{load.TLS, load.Reset}
	for name, stream := range map[string]load.Stream{
		"http": {URL: server.URL}, "grpc": {URL: strings.Replace(calls, "grpc:", "grpcs:", 1), GRPC: call()},
	} {
		t.Run(name, func(t *testing.T) {
			stream.Profile, stream.TLS, stream.Timeout = load.Constant(50), trusted, 30*time.Second
			for _, c := range []struct {
				certificate load.Certificate
				want        []load.Cause
			}{{ours, []load.Cause{load.None}}, {load.Certificate{}, refused}, {anothers, refused}} {
				stream.Certificate = c.certificate
				samples, summary := collect(t, stream, atLeast(1))
				assert.Contains(t, c.want, samples[0].Cause, summary.Examples)
			}
		})
	}
}

func TestACertificateKeepsItsKey(t *testing.T) {
	certificate, key := pair(t)
	other, _ := pair(t)
	ours, err := load.CertificateOf(certificate, key)
	require.NoError(t, err)
	stream := load.Stream{Certificate: ours}
	encoded, err := json.Marshal(stream.Certificate)
	require.NoError(t, err)
	assert.Equal(t, `"[secret]"`, string(encoded))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		assert.Equal(t, "[secret]", fmt.Sprintf(verb, ours))
		assert.NotContains(t, fmt.Sprintf(verb, struct{ c load.Certificate }{ours}), "PrivateKey")
	}
	for _, bad := range [][2]string{{other, key}, {key, certificate}, {"", ""}, {certificate, "hunter2"}} {
		_, err := load.CertificateOf(bad[0], bad[1])
		require.ErrorContains(t, err, "not a certificate and its private key")
		assert.NotContains(t, err.Error(), "hunter2")
	}
}
