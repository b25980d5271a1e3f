package e2e

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// TestRecoverNeedsTheRoleOfTheRun: who may run an experiment, and no more, may put back what is left of it, and the next
// run does so by itself.
func TestRecoverNeedsTheRoleOfTheRun(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	before := s.configMap(t)
	long := quiet("killed", "deployment/catalogue", "configCorrupt: {configMap: catalogue-config, key: catalogue.json}", "5m")
	experiment := file(t, long)
	a := newAccount(t, s, "-f", experiment)
	least := a.login(t, &clientcmdapi.Cluster{Server: s.config.Host, CertificateAuthority: s.config.CAFile, CertificateAuthorityData: s.config.CAData})
	kill := func() {
		p := start(t, s.cluster, "run", "-f", experiment, "-n", s.namespace, "--kubeconfig", least)
		p.Says(t, "proved  patch configmap")
		p.Signal(t, os.Kill)
		p.Exit(t)
		assert.NotEqual(t, before.Data, s.configMap(t).Data)
	}

	kill()
	p := chaosctl(t, s.cluster, "recover", "-f", experiment, "-n", s.namespace, "--kubeconfig", least)
	assert.Zero(t, p.Exit(t))
	assert.Contains(t, p.Stdout.String(), "restored   ConfigMap "+s.namespace+"/catalogue-config data[catalogue.json]")
	assertSameContent(t, before, s.configMap(t))
	assert.Empty(t, s.marks(t))
	p = chaosctl(t, s.cluster, "recover", "-f", experiment, "-n", s.namespace, "--kubeconfig", least)
	assert.Zero(t, p.Exit(t))
	assert.Equal(t, "there is nothing to put back\n", p.Stdout.String())

	kill()
	short := file(t, but(t, long, "duration: 5m", "duration: 1s"))
	p = chaosctl(t, s.cluster, "run", "-f", short, "-n", s.namespace, "--kubeconfig", least)
	assert.Zero(t, p.Exit(t))
	assert.Contains(t, p.Stderr.String(), "restored   ConfigMap")
	assertSameContent(t, before, s.configMap(t))
	assert.Empty(t, s.marks(t))
}
