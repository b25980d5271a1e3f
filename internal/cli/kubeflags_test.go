package cli

import (
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// kubeFlagsOf parses a command line.
func kubeFlagsOf(t *testing.T, args ...string) *kubeFlags {
	t.Helper()
	t.Setenv("KUBECONFIG", "/nonexistent")
	kube, flags := newKubeFlags(), pflag.NewFlagSet("kubectl", pflag.ContinueOnError)
	kube.addTo(flags)
	require.NoError(t, flags.Parse(args))
	return kube
}

// TestKubeFlags: what kubectl takes reaches the connection, also that which client-go has no flag for.
func TestKubeFlags(t *testing.T) {
	kube := kubeFlagsOf(t, "-s", "https://api.example:6443", "-n", "shop", "--token", "t0", "--cache-dir", "/tmp/x", "--request-timeout", "3s",
		"--as", "jane", "--as-uid", "7", "--as-group", "dev", "--as-group", "ops", "--as-user-extra", "scopes=view", "--as-user-extra", "scopes=a=b")
	require.NoError(t, kube.problem())
	config, err := kube.restConfig()
	require.NoError(t, err)
	require.Equal(t, "https://api.example:6443", config.Host)
	require.Equal(t, "t0", config.BearerToken)
	require.Equal(t, "3s", config.Timeout.String())
	require.Equal(t, "jane", config.Impersonate.UserName)
	require.Equal(t, "7", config.Impersonate.UID)
	require.Equal(t, []string{"dev", "ops"}, config.Impersonate.Groups)
	require.Equal(t, map[string][]string{"scopes": {"view", "a=b"}}, config.Impersonate.Extra)
	require.Equal(t, "shop", kube.namespace())
}

func TestKubeFlagsThatSayNothing(t *testing.T) {
	for args, want := range map[[2]string]string{
		{"--as-user-extra", "scopes"}:   `--as-user-extra "scopes" says nothing: expected KEY=VALUE`,
		{"--as-user-extra", "=view"}:    `--as-user-extra "=view" says nothing: expected KEY=VALUE`,
		{"--request-timeout", "for me"}: `--request-timeout "for me" is not a time: expected one such as 10s or 2m, or 0 for none`,
	} {
		require.EqualError(t, kubeFlagsOf(t, args[0], args[1]).problem(), want)
	}
}
