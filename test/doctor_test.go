package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/doctor"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestDoctorWhereAllIsWell proves that what is well is not complained about. Before a drain, what is in all namespaces counts.
func TestDoctorWhereAllIsWell(t *testing.T) {
	t.Parallel()
	s := newShop(t, takeNodes(t), healthy)
	objects, nodes := s.versions(t), s.nodes(t)
	for _, f := range s.diagnose(t, report.ExitPass, "pod-kill", "node-drain", "config-corrupt") {
		if f.Check != "leftovers" && f.Check != "room" { // other tests may not be quite gone
			assert.Equal(t, doctor.OK, f.Level, f)
		}
	}
	assert.Equal(t, objects, s.versions(t))
	assert.Equal(t, nodes, s.nodes(t))
}

// TestDoctor proves that what would spoil a run is found beforehand.
func TestDoctor(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, healthy)
	podKill := builtin(t, "pod-kill")

	t.Run("a load that is too thin", func(t *testing.T) {
		experiment := file(t, but(t, podKill, "rate: 200/s", "rate: 20/s"))
		s.finds(t, report.ExitPass, doctor.Warning, "resolution", "an availability of 99.9% of browse in the window run takes 3000 requests", "-f", experiment)
	})
	t.Run("a bound that nothing can support", func(t *testing.T) {
		experiment := file(t, but(t, podKill, "atLeast: 99.9%}", "atLeast: 100%}"))
		s.finds(t, report.ExitRefused, doctor.Problem, "resolution", "no number of requests supports an availability of 100%", "-f", experiment)
	})
	t.Run("a header that answers do not have", func(t *testing.T) {
		experiment := file(t, but(t, podKill, "podHeader: X-Pod", "podHeader: X-Nobody"))
		s.finds(t, report.ExitPass, doctor.Warning, "load", "has no header X-Nobody", "-f", experiment)
	})
	t.Run("an answer that is an error", func(t *testing.T) {
		experiment := file(t, but(t, podKill, "path: /,", "path: /nothing-here,"))
		s.finds(t, report.ExitRefused, doctor.Problem, "load", "answers 404", "-f", experiment)
	})
	t.Run("a service that is not there", func(t *testing.T) {
		experiment := file(t, but(t, podKill, "service: frontend", "service: nobody"))
		s.finds(t, report.ExitRefused, doctor.Problem, "plan", `services "nobody" not found`, "-f", experiment)
	})
	t.Run("a permission that is missing", func(t *testing.T) {
		s.finds(t, report.ExitRefused, doctor.Problem, "permissions", "may not delete pods in namespace "+s.namespace, "pod-kill", "--as", "nobody")
	})
	t.Run("a leftover", func(t *testing.T) {
		patch := []byte(`{"metadata":{"labels":{"chaosctl.dev/run":"earlier"}}}`)
		_, err := s.client.CoreV1().ConfigMaps(s.namespace).Patch(t.Context(), "catalogue-config", types.MergePatchType, patch, metav1.PatchOptions{})
		require.NoError(t, err)
		s.finds(t, report.ExitRefused, doctor.Problem, "leftovers", s.namespace+"/catalogue-config still bears the mark of run earlier", "pod-kill")
	})
}

// TestDoctorOnBudgets proves that a budget which would hold up a drain for ever is found beforehand.
func TestDoctorOnBudgets(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, "../examples/shop/manifests/overlays/blocking-pdb")
	s.finds(t, report.ExitRefused, doctor.Problem, "budgets", "allows no eviction now", "node-drain")
}

// TestDoctorOnOneReplica proves that a lone pod is pointed out, whose loss the guard refuses.
func TestDoctorOnOneReplica(t *testing.T) {
	t.Parallel()
	takeRoom(t, 1)
	s := newShop(t, shared, oneReplica)
	s.finds(t, report.ExitRefused, doctor.Warning, "target", "deployment/frontend has one replica", "pod-kill")
	s.finds(t, report.ExitRefused, doctor.Problem, "plan", "would leave 0 of 1 ready", "pod-kill")
}

// TestDoctorWithoutCluster proves that no cluster is a finding like others.
func TestDoctorWithoutCluster(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(binary.Content(t, shared.Kubeconfig), shared.config.Host, "https://127.0.0.1:1")
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	p := chaosctl(t, shared, "doctor", "--kubeconfig", path)
	assert.Equal(t, report.ExitRefused, p.Exit(t))
	assert.Regexp(t, `^problem +server +.*nothing listens there; to mend it: `, p.Stdout.String())
}

// finds wants a finding, and the exit code.
func (s *shop) finds(t *testing.T, code int, level doctor.Level, check, message string, args ...string) {
	t.Helper()
	for _, f := range s.diagnose(t, code, args...) {
		if f.Level == level && f.Check == check && strings.Contains(f.Message, message) {
			assert.NotEmpty(t, f.Mend)
			return
		}
	}
	t.Errorf("no %s in %s says %q", level, check, message)
}

// diagnose runs chaosctl doctor for the shop.
func (s *shop) diagnose(t *testing.T, code int, args ...string) []doctor.Finding {
	t.Helper()
	p := chaosctl(t, s.cluster, "doctor", append(args, "-n", s.namespace, "-o", "json")...)
	require.Equal(t, code, p.Exit(t), p.Stdout.String())
	var list struct{ Items []doctor.Finding }
	require.NoError(t, json.Unmarshal([]byte(p.Stdout.String()), &list))
	require.NotEmpty(t, list.Items)
	return list.Items
}
