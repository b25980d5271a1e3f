package trust

import (
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPublic: where a system has no authorities, as in an image of nothing but the program, there are those of the public.
func TestPublic(t *testing.T) {
	t.Setenv("SSL_CERT_FILE", "/nonexistent")
	t.Setenv("SSL_CERT_DIR", "/nonexistent")
	Public()
	Public() // for several commands in one process
	pool, err := x509.SystemCertPool()
	require.NoError(t, err)
	require.False(t, pool.Equal(x509.NewCertPool()))
}
