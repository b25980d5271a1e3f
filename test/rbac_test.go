package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestLeastRole proves of two experiments of the library, since each takes a minute, that they pass under the role that chaosctl
// rbac prints for them, and that no part of this role is there in vain: the run makes use of each, and none can be left out
// unnoticed.
func TestLeastRole(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pod-kill", "config-corrupt"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			takeRoom(t, 1)
			testLeastRole(t, shared, name)
		})
	}
}

const drain = "node-drain"

// TestLeastRoleToDrain proves the same of a drain.
func TestLeastRoleToDrain(t *testing.T) {
	t.Parallel()
	c := takeNodes(t)
	takeRoom(t, 1)
	testLeastRole(t, c, drain)
}

func testLeastRole(t *testing.T, c *cluster, experiment string) {
	t.Helper()
	s := newShop(t, c, healthy)
	a := newAccount(t, s, experiment)

	began, objects, nodes := time.Now(), a.versions(t), s.nodes(t)
	for i, permission := range a.permissions {
		a.grantAllBut(t, i)
		p := chaosctl(t, s.cluster, "plan", experiment, "-n", s.namespace, "--kubeconfig", a.kubeconfig)
		if strings.Contains(permission.String(), " events") || strings.Contains(permission.String(), " horizontalpodautoscalers") {
			require.Zero(t, p.Exit(t), "without %s, which only the report has something of", permission)
			continue
		}
		require.Equal(t, report.ExitRefused, p.Exit(t), "without %s", permission)
		refusal := p.Stderr.String()
		assert.Equal(t, 1, strings.Count(refusal, "missing permission: "), refusal)
		assert.Contains(t, refusal, "missing permission: "+permission.String())
	}
	assert.Equal(t, objects, a.versions(t), "a plan that was refused has changed something")
	assert.Equal(t, nodes, s.nodes(t))
	t.Logf("%d permissions, each missed within %s", len(a.permissions), time.Since(began)/time.Duration(len(a.permissions)))

	a.grantAllBut(t, nothing)
	p := chaosctl(t, s.cluster, "doctor", experiment, "-n", s.namespace, "--kubeconfig", a.kubeconfig)
	assert.Zero(t, p.Exit(t), p.Stdout.String())
	heard := listen(t, s.cluster)
	// The rate is little more than what its expectations need to be judged.
	p = chaosctl(t, s.cluster, "run", "-f", file(t, tolerant(t, experiment)), "-n", s.namespace, "--rate", "120/s", "--kubeconfig", a.login(t, &clientcmdapi.Cluster{Server: heard.URL, CertificateAuthorityData: heard.authority()}))
	require.Zero(t, p.Exit(t))
	for _, permission := range a.permissions {
		if experiment == drain && permission.String() == "watch poddisruptionbudgets.policy" {
			continue // only a budget that holds up an eviction is watched
		}
		assert.True(t, heard.heard(permission), "the run did not %s", permission)
	}
	assert.Equal(t, report.UndoClean, p.Result(t).Undo)
	assert.NotContains(t, binary.Content(t, filepath.Join(p.Dir(t), "events.jsonl")), "forbidden")
	assert.Empty(t, s.marks(t))
}

// TestLeastRoleOfGameDays proves of each game day among the examples that under the role that chaosctl rbac prints for it,
// all of its experiments can be planned, and doctor finds nothing amiss. Before a drain, what is in all namespaces counts.
func TestLeastRoleOfGameDays(t *testing.T) {
	t.Parallel()
	c := takeNodes(t)
	days, err := filepath.Glob(filepath.Join(binary.Repository(), "examples", "gamedays", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, days)
	for _, day := range days {
		t.Run(filepath.Base(day), func(t *testing.T) {
			s := newShop(t, c, healthy)
			a := newAccount(t, s, "-f", day)
			file, err := experiment.Loader{Catalogue: experiment.Catalogue{}}.LoadFile(day)
			require.NoError(t, err)
			require.Len(t, file.Documents, 1)
			for _, member := range file.Documents[0].GameDay.Spec.Experiments {
				for _, command := range []string{"plan", "doctor"} {
					p := chaosctl(t, s.cluster, command, member.Builtin, "-n", s.namespace, "--kubeconfig", a.kubeconfig)
					assert.Zero(t, p.Exit(t), "%s %s", command, member.Builtin)
				}
			}
		})
	}
}
