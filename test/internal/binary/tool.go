package binary

import (
	"cmp"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// Tool is the path of helm, kubectl or prometheus, which make has got for the tests.
func Tool(t *testing.T, name string) string {
	t.Helper()
	path := Path(name)
	switch name {
	case "helm":
		path = cmp.Or(os.Getenv("CHAOSCTL_HELM"), name)
	case "prometheus":
		path = cmp.Or(os.Getenv("CHAOSCTL_PROMETHEUS"), name)
	}
	found, err := exec.LookPath(path)
	require.NoError(t, err, "make deploy-tools and make prometheus get them; make says by CHAOSCTL_HELM and CHAOSCTL_PROMETHEUS where these are")
	return found
}
