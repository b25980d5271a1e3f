package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// TestKubeconfigsThatCannotBeUsed holds the sentence and the hint for each mistake in a kubeconfig or its flags.
func TestKubeconfigsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	const files = "\nhint: check --kubeconfig and KUBECONFIG, and the files that the kubeconfig names"
	const view = "\nhint: kubectl config view shows what it holds"
	const program = "\nhint: the kubeconfig names a program that gets them (users[].user.exec): install it, or run it by hand to see what it says"
	broken := filepath.Join(t.TempDir(), "broken")
	require.NoError(t, os.WriteFile(broken, []byte("\t{"), 0o600))
	stale := filepath.Join(t.TempDir(), "stale")
	require.NoError(t, os.WriteFile(stale, []byte("apiVersion: v1\nkind: Config\ncurrent-context: gone\n"), 0o600))
	sound := kubeconfig(t, at("https://127.0.0.1:1"), "")
	for name, c := range map[string]struct {
		file string
		args []string
		want string
	}{
		"none":                 {file: os.DevNull, want: "no cluster is configured\nhint: name a kubeconfig by --kubeconfig or by KUBECONFIG in the environment"},
		"missing":              {file: "/no/such/file", want: "the kubeconfig cannot be used: /no/such/file does not exist" + files},
		"a directory":          {file: filepath.Dir(broken), want: "the kubeconfig cannot be used: FILE: is a directory\nhint: mend the file, or name another by --kubeconfig"},
		"no YAML":              {file: broken, want: "the kubeconfig cannot be used: FILE: yaml: found character that cannot start any token\nhint: mend the file, or name another by --kubeconfig"},
		"no such context":      {file: sound, args: []string{"--context", "gone"}, want: "the kubeconfig cannot be used: context \"gone\" does not exist\nhint: it has the contexts lab (--context)"},
		"no current context":   {file: stale, want: "the kubeconfig cannot be used: context \"gone\", its current one, does not exist\nhint: it has the contexts (none) (--context)"},
		"no such cluster":      {file: sound, args: []string{"--cluster", "gone"}, want: "the kubeconfig cannot be used: cluster \"gone\" does not exist\nhint: it has the clusters lab (--cluster)"},
		"no such user":         {file: sound, args: []string{"--user", "gone"}, want: "the kubeconfig cannot be used: user \"gone\" does not exist\nhint: it has the users lab (--user)"},
		"no authority's file":  {file: kubeconfig(t, at("https://127.0.0.1:1")+", certificate-authority: /no/such/ca", ""), want: "the kubeconfig cannot be used: /no/such/ca does not exist" + files},
		"no certificate":       {file: kubeconfig(t, at("https://127.0.0.1:1"), "client-certificate: /no/such/cert, client-key: /no/such/key"), want: "the kubeconfig cannot be used: /no/such/cert does not exist" + files},
		"no address":           {file: kubeconfig(t, "server: ''", ""), want: "the kubeconfig cannot be used: the cluster of the context has no server\nhint: give it one (clusters[].cluster.server), or use --server"},
		"no proxy's address":   {file: kubeconfig(t, at("https://127.0.0.1:1")+", proxy-url: ':x'", ""), want: "the kubeconfig cannot be used: invalid 'proxy-url' \":x\" for cluster \"lab\": could not parse: :x" + view},
		"no time":              {file: sound, args: []string{"--request-timeout", "soon"}, want: "--request-timeout \"soon\" is not a time: expected one such as 10s or 2m, or 0 for none"},
		"no credential plugin": {file: kubeconfig(t, at("https://127.0.0.1:1"), plugin("no-such-plugin")), want: "context \"lab\" has no credentials: executable no-such-plugin not found" + program},
		"a plugin that fails":  {file: kubeconfig(t, at("https://127.0.0.1:1"), plugin("false")), want: "context \"lab\" has no credentials: executable false failed with exit code 1" + program},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkContact(t, c.file, "", c.args, report.ExitInvalid, strings.ReplaceAll(c.want, "FILE", c.file))
		})
	}
}

// plugin is a user whose credentials are got by a program.
func plugin(command string) string {
	return "exec: {apiVersion: client.authentication.k8s.io/v1, command: '" + command + "', interactiveMode: Never}"
}

// TestCommandsWithoutAClusterNeedNoKubeconfig proves that a broken kubeconfig is no matter where none is needed.
func TestCommandsWithoutAClusterNeedNoKubeconfig(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"version"}, {"list", "faults"}, {"--help"}, {"completion", "bash"}} {
		code, stdout, stderr := call(t, append([]string{"--kubeconfig", "/no/such/file"}, args...)...)
		assert.Zero(t, code, stderr)
		assert.NotEmpty(t, stdout)
	}
}
