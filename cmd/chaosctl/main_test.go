package main

import (
	"crypto/x509"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/internal/cli"
)

// bare in the environment makes this process one of a system without certificates, which looks at what this program brings along.
const bare = "CHAOSCTL_TEST_BARE"

// TestRootsOfTheProgram: it knows whom the public trusts where the system does not, as in an image that holds nothing else.
func TestRootsOfTheProgram(t *testing.T) {
	if os.Getenv(bare) == "" {
		nowhere := filepath.Join(t.TempDir(), "absent")
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestRootsOfTheProgram$")
		c.Env = []string{bare + "=yes", "SSL_CERT_FILE=" + nowhere, "SSL_CERT_DIR=" + nowhere}
		said, err := c.CombinedOutput()
		require.NoError(t, err, "%s", said)
		return
	}
	require.NoError(t, cli.Run(t.Context(), []string{"list", "faults"}, cli.Streams{Out: io.Discard, Err: io.Discard}))
	roots, err := x509.SystemCertPool()
	require.NoError(t, err)
	assert.False(t, roots.Equal(x509.NewCertPool()), "it trusts nobody")
}
