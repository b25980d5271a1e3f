package cli_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestCertificatesThatCannotBeTrusted holds the sentence and the hint for each way in which a TLS handshake fails.
func TestCertificatesThatCannotBeTrusted(t *testing.T) {
	t.Parallel()
	day := func(year int) time.Time { return time.Date(year, time.March, 1, 0, 0, 0, 0, time.UTC) }
	now := time.Now()
	here := net.ParseIP("127.0.0.1")
	const trust = "\nhint: check certificate-authority in the kubeconfig (clusters[].cluster), and that the address is the one that is meant"
	for name, c := range map[string]struct {
		from, to  time.Time
		address   net.IP
		distrust  bool
		demanding bool
		want      string
	}{
		"expired": {
			from: day(2020), to: day(2021), address: here,
			want: "the API server at SERVER shows a certificate that is valid from 2020-03-01 00:00 UTC to 2021-03-01 00:00 UTC, which is not now\nhint: renew the server's certificate, or set this machine's clock",
		},
		"not trusted": {
			from: now.Add(-time.Hour), to: now.Add(time.Hour), address: here, distrust: true,
			want: "the API server at SERVER shows a certificate of an authority that the kubeconfig does not trust" + trust,
		},
		"for another address": {
			from: now.Add(-time.Hour), to: now.Add(time.Hour), address: net.ParseIP("192.0.2.7"),
			want: "the API server at SERVER shows a certificate for another name: certificate is valid for 192.0.2.7, not 127.0.0.1" + trust,
		},
		"asks for one of ours": {
			from: now.Add(-time.Hour), to: now.Add(time.Hour), address: here, demanding: true,
			want: "the API server at SERVER does not accept the client certificate of context \"lab\" (tls: certificate required)\nhint: renew the certificate, or use another context (--context)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			certificate := selfSigned(t, c.from, c.to, c.address)
			server := httptest.NewUnstartedServer(http.NotFoundHandler())
			server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
			if c.demanding {
				server.TLS.ClientAuth = tls.RequireAnyClientCert
			}
			server.Config.ErrorLog = log.New(io.Discard, "", 0) // failed handshakes are the purpose
			server.StartTLS()
			t.Cleanup(server.Close)
			trusted := certificate.Certificate[0]
			if c.distrust {
				trusted = selfSigned(t, c.from, c.to, c.address).Certificate[0]
			}
			ca := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted}))
			path := kubeconfig(t, at(server.URL)+", certificate-authority-data: "+ca, "")
			checkContact(t, path, server.URL, nil, report.ExitRefused, c.want)
		})
	}
}

// selfSigned makes a certificate of a server, which is its own authority.
func selfSigned(t *testing.T, from, to time.Time, address net.IP) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: rand.Text()}, NotBefore: from, NotAfter: to, IPAddresses: []net.IP{address},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
