//go:build linux

package acceptance

import (
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/lab"
)

// TestTwoLabsAtOnce makes two labs at the same moment, one of them in a folder elsewhere, and
// removes one, which the other must not notice.
func TestTwoLabsAtOnce(t *testing.T) {
	const first, second = "t-one", "t-two"
	clear(t, first)
	clear(t, second)
	before := look(t, first)
	elsewhere := t.TempDir() + "/labs"
	var wg sync.WaitGroup
	results := make([]outcome, 3)
	for i, args := range [][]string{
		{"up", "--name", first, "--nodes", "1"},
		{"up", "--name", second, "--profile", "control-plane", "--state-dir", elsewhere},
		{"up", "--name", second, "--profile", "control-plane", "--state-dir", elsewhere},
	} {
		wg.Go(func() { results[i] = run(t, args...) })
	}
	wg.Wait()
	for _, result := range results {
		require.Zero(t, result.code, result.stderr)
	}
	assert.Contains(t, results[1].stderr+results[2].stderr, "already running", "of two that make the same lab, one finds it made")
	one, two := statusOf(t, first), statusOf(t, second)
	assert.True(t, one.Healthy)
	assert.True(t, two.Healthy)
	assert.NotEqual(t, one.Server, two.Server)
	assert.Empty(t, two.Nodes)
	assert.DirExists(t, elsewhere+"/"+second)

	refused(t, run(t, "node", "cut", "--name", second, "node1"), `has no node "node1"`, "has none")
	refused(t, run(t, "node", "cut", "--name", first, "node9"), `has no node "node9"`, "node1")
	refused(t, run(t, "logs", "--name", first, "dns"), `has no component "dns"`, "kube-apiserver")
	refused(t, run(t, "component", "stop", "--name", first, "kubelet"), `has no component "kubelet"`, "kube-apiserver")
	refused(t, run(t, "load-image", "--name", first, "--tag", "x:1", os.Args[0]+"x"), "no such file", "")
	refused(t, run(t, "load-image", "--name", first, "--tag", "x:1", "acceptance_test.go"), "is no Linux program", "CGO_ENABLED=0")

	must(t, "down", "--name", second)
	assert.NoDirExists(t, elsewhere)
	assert.True(t, statusOf(t, first).Healthy)
	must(t, "down", "--name", first)
	unchanged(t, first, before)
}

func TestSharedLabIsReusedWhenAsked(t *testing.T) {
	const name = "t-shared"
	clear(t, name)
	before := look(t, name)
	options := lab.Options{Name: name, Profile: lab.ControlPlane, Components: "../components", Log: t.Logf}
	start := time.Now()
	_, stop, err := lab.Shared(t.Context(), options)
	require.NoError(t, err)
	t.Logf("a control plane after %s", time.Since(start))

	_, _, err = lab.Shared(t.Context(), options)
	require.ErrorContains(t, err, "already running")
	options.Reuse = true
	again, stopAgain, err := lab.Shared(t.Context(), options)
	require.NoError(t, err)
	require.NoError(t, stopAgain())
	status, err := again.Status(t.Context())
	require.NoError(t, err)
	assert.True(t, status.Healthy, "a lab that was reused is left running")
	require.NoError(t, stop())
	unchanged(t, name, before)
}
