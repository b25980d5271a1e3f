package pki

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestIssuedCertificateIsTrustedForItsNamesAlone(t *testing.T) {
	authority, err := NewAuthority("lab-ca")
	require.NoError(t, err)
	pair, err := authority.Issue(Identity{
		Name: "system:node:node1", Groups: []string{"system:nodes"},
		Hosts: []string{"node1"}, IPs: []netip.Addr{netip.MustParseAddr("198.18.0.11")},
	})
	require.NoError(t, err)
	loaded, err := tls.X509KeyPair(pair.Cert, pair.Key)
	require.NoError(t, err)

	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(authority.Cert))
	check := func(host string) error {
		_, err := loaded.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
		return err
	}
	assert.NoError(t, check("node1"))
	assert.NoError(t, check("198.18.0.11"))
	assert.Error(t, check("node2"))
	assert.Equal(t, []string{"system:nodes"}, loaded.Leaf.Subject.Organization)

	other, err := NewAuthority("other")
	require.NoError(t, err)
	strangers := x509.NewCertPool()
	strangers.AppendCertsFromPEM(other.Cert)
	_, err = loaded.Leaf.Verify(x509.VerifyOptions{Roots: strangers})
	assert.Error(t, err)
}
