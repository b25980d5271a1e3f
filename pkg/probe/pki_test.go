package probe_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// signer is an authority, or one below another.
type signer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	// above are the certificates between it and the root.
	above [][]byte
}

const day = 24 * time.Hour

// authority makes a certificate that signs others, signed by an authority or by itself.
func authority(t *testing.T, name string, by *signer, life time.Duration) *signer {
	t.Helper()
	made := &signer{key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-100 * day), NotAfter: time.Now().Add(life),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	parent := by
	if parent == nil {
		parent = &signer{certificate: template, key: made.key}
	} else {
		defer func() { made.above = append([][]byte{made.certificate.Raw}, by.above...) }()
	}
	made.certificate = made.sign(t, template, parent)
	return made
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func (s *signer) sign(t *testing.T, template *x509.Certificate, by *signer) *x509.Certificate {
	t.Helper()
	raw, err := x509.CreateCertificate(rand.Reader, template, by.certificate, &s.key.PublicKey, by.key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	return certificate
}

// pem is the authority as experiments have it.
func (s *signer) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate.Raw}))
}

// issue makes a server's certificate for loopback and shop.example, or for one other name.
func (s *signer) issue(t *testing.T, from, to time.Duration, names ...string) tls.Certificate {
	t.Helper()
	server := &signer{key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "server"}, NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(to),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, DNSNames: names,
	}
	if len(names) == 0 {
		template.DNSNames, template.IPAddresses = []string{"shop.example"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	made := server.sign(t, template, s)
	return tls.Certificate{Certificate: append([][]byte{made.Raw}, s.above...), PrivateKey: server.key}
}
