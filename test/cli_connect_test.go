package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientauth "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/chaosctl/chaosctl/pkg/report"
)

func (c *cluster) deleteNamespace(t *testing.T, name string) {
	t.Helper()
	require.NoError(t, c.client.CoreV1().Namespaces().Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{}))
}

// TestCredentialsFromAProgram proves that a kubeconfig may name a program that prints the credentials.
func TestCredentialsFromAProgram(t *testing.T) {
	t.Parallel()
	config, err := clientcmd.LoadFromFile(shared.Kubeconfig)
	require.NoError(t, err)
	user := config.AuthInfos[config.Contexts[config.CurrentContext].AuthInfo]
	text, err := json.Marshal(clientauth.ExecCredential{
		TypeMeta: metav1.TypeMeta{APIVersion: clientauth.SchemeGroupVersion.String(), Kind: "ExecCredential"},
		Status:   &clientauth.ExecCredentialStatus{ClientCertificateData: string(user.ClientCertificateData), ClientKeyData: string(user.ClientKeyData)},
	})
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "credential"), text, 0o600))
	*user = clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
		APIVersion: clientauth.SchemeGroupVersion.String(), Command: "cat", Args: []string{filepath.Join(dir, "credential")}, InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
	}}
	path := filepath.Join(dir, "kubeconfig")
	require.NoError(t, clientcmd.WriteToFile(*config, path))
	code, _, stderr := inProcess(t, "init", "--kubeconfig", path, "-n", "default")
	assert.Equal(t, report.ExitInvalid, code)
	assert.Equal(t, "error: namespace default has no Deployment, StatefulSet or DaemonSet\nhint: name the workload's namespace by -n\n", stderr)
}

// TestImpersonation proves that chaosctl acts as whom it is told to.
func TestImpersonation(t *testing.T) {
	t.Parallel()
	args := []string{"init", "--kubeconfig", shared.Kubeconfig, "-n", "default", "--as", "nobody"}
	code, _, stderr := inProcess(t, args...)
	assert.Equal(t, report.ExitRefused, code)
	assert.Equal(t, "error: deployments.apps is forbidden: User \"nobody\" cannot list resource \"deployments\" in API group \"apps\" in the namespace \"default\"\nhint: ask for this permission, or use another identity (--context, --as)\n", stderr)
	code, _, stderr = inProcess(t, append(args, "--as-group", "system:masters")...)
	assert.Equal(t, report.ExitInvalid, code)
	assert.Contains(t, stderr, "namespace default has no Deployment")
}

// TestCompletionAsksTheCluster proves that shells complete namespaces and workloads.
func TestCompletionAsksTheCluster(t *testing.T) {
	t.Parallel()
	code, stdout, _ := inProcess(t, "__complete", "init", "--kubeconfig", shared.Kubeconfig, "-n", "kube-s")
	assert.Zero(t, code)
	assert.Equal(t, "kube-system\n:4\n", stdout)
	s := newShop(t, shared, healthy)
	for _, command := range []string{"init", "run", "plan"} {
		code, stdout, _ = inProcess(t, "__complete", command, "--kubeconfig", s.Kubeconfig, "-n", s.namespace, "--target", "deployment/")
		assert.Zero(t, code)
		assert.Equal(t, "deployment/catalogue\ndeployment/frontend\n:4", strings.TrimSpace(stdout), command)
	}
}
