package binary

import (
	"cmp"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// Tool is the path of helm or kubectl, which make deploy-tools builds.
func Tool(t *testing.T, name string) string {
	t.Helper()
	path := Path(name)
	if name == "helm" {
		path = cmp.Or(os.Getenv("CHAOSCTL_HELM"), name)
	}
	found, err := exec.LookPath(path)
	require.NoError(t, err, "make deploy-tools builds it; make says by CHAOSCTL_HELM where helm is")
	return found
}
