package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/internal/cli"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// inProcess runs a command line in this process.
func inProcess(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	err := cli.Run(t.Context(), args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	return cli.Explain(&errs, err), out.String(), errs.String()
}

// TestUnknownFieldIsPointedAt proves that a typing error is found before anything else is looked at, and where it is.
func TestUnknownFieldIsPointedAt(t *testing.T) {
	t.Parallel()
	text := but(t, builtin(t, "pod-kill"), "podKill: {count: 1}", "podKill: {cuont: 1}")
	path, at := file(t, text), strings.Index(text, "cuont")
	line, column := 1+strings.Count(text[:at], "\n"), at-strings.LastIndex(text[:at], "\n")
	want := fmt.Sprintf("error: %s:%d:%d: spec.faults[0].podKill.cuont: unknown field \"cuont\" (did you mean \"count\"?)\n", path, line, column)
	for _, command := range []string{"validate", "plan", "run"} {
		code, _, stderr := inProcess(t, command, "-f", path, "--kubeconfig", "no-such-file")
		assert.Equal(t, report.ExitInvalid, code, command)
		assert.Equal(t, want, stderr, command)
	}
}

// TestUnknownTargetIsRefused proves that a workload that is not there is named.
func TestUnknownTargetIsRefused(t *testing.T) {
	t.Parallel()
	code, _, stderr := inProcess(t, "run", "pod-kill", "--kubeconfig", shared.Kubeconfig, "--target", "deployment/no-such", "-n", "default", "--out", t.TempDir())
	assert.Equal(t, report.ExitRefused, code)
	assert.Equal(t, "error: pod-kill: the target default/deployment/no-such does not exist in this cluster\nhint: nothing was changed\n", stderr)
}

// TestBrokenKubeconfigIsInvalid proves that a kubeconfig that cannot be used is the user's to mend.
func TestBrokenKubeconfigIsInvalid(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no YAML":               "\t{",
		"no such context":       "apiVersion: v1\nkind: Config\ncurrent-context: gone\n",
		"no certificate's file": "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\nclusters: [{name: a, cluster: {server: 'https://127.0.0.1:1', certificate-authority: /no/such/file}}]\nusers: [{name: a, user: {}}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kubeconfig")
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			code, _, stderr := inProcess(t, "run", "pod-kill", "--kubeconfig", path, "--out", t.TempDir())
			assert.Equal(t, report.ExitInvalid, code, stderr)
			assert.Contains(t, stderr, "error: the kubeconfig cannot be used: ")
		})
	}
}

// TestUnreachableServerIsSaid proves that a run ends in bounded time, with one sentence, where nobody answers.
func TestUnreachableServerIsSaid(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { silent.Close() })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	for name, server := range map[string]string{"nothing listens": closed.Addr().String(), "nobody answers": silent.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			code, _, stderr := inProcess(t, "run", "pod-kill", "--kubeconfig", os.DevNull, "--server", "https://"+server, "--out", t.TempDir())
			assert.Equal(t, report.ExitRefused, code)
			assert.Less(t, time.Since(began), 30*time.Second)
			assert.Contains(t, stderr, "error: pod-kill: the API server at https://"+server+" cannot be reached: ")
			t.Logf("exit code %d after %s: %s", code, time.Since(began).Round(time.Millisecond), stderr)
		})
	}
}

// TestPublishedFilesAreValid proves that what we publish is what we accept.
func TestPublishedFilesAreValid(t *testing.T) {
	t.Parallel()
	for folder, files := range map[string]string{"experiments": "*/*.yaml", "examples/gamedays": "*.yaml"} {
		dir := filepath.Join(binary.Repository(), folder)
		published, err := filepath.Glob(filepath.Join(dir, files))
		require.NoError(t, err)
		require.NotEmpty(t, published)
		code, stdout, stderr := inProcess(t, "validate", "-f", dir)
		assert.Zero(t, code, stderr)
		for _, path := range published {
			assert.Contains(t, stdout, path+": ")
		}
		assert.Equal(t, len(published), strings.Count(stdout, " is valid\n"))
	}
}
