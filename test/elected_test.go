package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/chaosctl/chaosctl/pkg/election"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// replicas serve one game day, and elect a leader.
type replicas struct {
	*shop
	args []string
}

const leads = "this replica leads"

// newReplicas have a game day of every minute, in which a configuration is broken for 20 seconds.
func newReplicas(t *testing.T) *replicas {
	t.Helper()
	return replicasOf(t, newShop(t, shared, healthy), "* * * * *",
		quiet("corrupt", "deployment/catalogue", "configCorrupt: {configMap: catalogue-config, key: catalogue.json}", "20s"))
}

// replicasOf have a game day of one experiment.
func replicasOf(t *testing.T, s *shop, schedule, experiment string) *replicas {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "experiment.yaml"), []byte(experiment), 0o644))
	day := filepath.Join(dir, "gameday.yaml")
	require.NoError(t, os.WriteFile(day, []byte(`apiVersion: chaosctl.dev/v1alpha1
kind: GameDay
metadata: {name: elected}
spec:
  schedule: "`+schedule+`"
  experiments:
  - {file: experiment.yaml}
`), 0o644))
	lease := s.namespace + "/serve"
	a := newAccount(t, s, "-f", day, "--leader-elect", lease)
	least := a.login(t, &clientcmdapi.Cluster{Server: s.config.Host, CertificateAuthority: s.config.CAFile, CertificateAuthorityData: s.config.CAData})
	return &replicas{s, []string{"-f", day, "-n", s.namespace, "--leader-elect", lease, "--kubeconfig", least}}
}

func (r *replicas) start(t *testing.T) *binary.Process {
	t.Helper()
	return start(t, r.cluster, "serve", r.args...)
}

// remembered is the minute that was run last, as the Lease says.
func (r *replicas) remembered(t *testing.T) time.Time {
	t.Helper()
	lease, err := r.client.CoordinationV1().Leases(r.namespace).Get(t.Context(), "serve", metav1.GetOptions{})
	require.NoError(t, err)
	var all map[string]election.LastRun
	require.NoError(t, json.Unmarshal([]byte(lease.Annotations[election.Annotation]), &all))
	require.Contains(t, all, "elected")
	return all["elected"].At
}

// minutes are those for which a replica has begun runs.
func minutes(t *testing.T, p *binary.Process) []time.Time {
	t.Helper()
	var all []time.Time
	for line := range strings.Lines(p.Stderr.String()) {
		_, rest, ok := strings.Cut(line, "game day elected: run of ")
		if !ok {
			continue
		}
		at, err := time.Parse(time.RFC3339, strings.Fields(rest)[0])
		require.NoError(t, err)
		all = append(all, at)
	}
	return all
}

// TestServeElectsALeader proves that of two replicas one runs; that when it is killed in the middle of a run, the other first puts back
// what that has left and does not run that minute again; that one which ends in order undoes first, and then lets another lead; and
// that all of this needs no more than the role that rbac prints.
func TestServeElectsALeader(t *testing.T) {
	t.Parallel()
	r := newReplicas(t)
	before := r.configMap(t)
	first := r.start(t)
	first.Says(t, leads)
	second := r.start(t)
	second.Says(t, "leads; this replica waits")
	first.Says(t, "proved  patch")
	require.NotEqual(t, before.Data, r.configMap(t).Data)
	first.Signal(t, syscall.SIGKILL)
	<-first.Ended
	killed := minutes(t, first)
	assert.Equal(t, killed[len(killed)-1], r.remembered(t))
	assert.NotContains(t, second.Stderr.String(), leads)

	second.Says(t, leads)
	second.Says(t, "game day elected: run of ")
	said := second.Stderr.String()
	restored := strings.Index(said, "restored   ConfigMap")
	require.Positive(t, restored, said)
	assert.Less(t, strings.Index(said, leads), restored)
	assert.Less(t, restored, strings.Index(said, "game day elected: "), "it is put back before the schedule goes on")
	for _, minute := range minutes(t, second) {
		assert.NotContains(t, killed, minute, "it was run")
	}

	second.Says(t, "proved  patch")
	code, _ := second.Interrupt(t)
	assert.Zero(t, code)
	assertSameContent(t, before, r.configMap(t))
	lease, err := r.client.CoordinationV1().Leases(r.namespace).Get(t.Context(), "serve", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Empty(t, *lease.Spec.HolderIdentity)
	assert.False(t, lease.Spec.RenewTime.Time.Before(ended(t, second)), "it was given up at %s, and all undone at %s", lease.Spec.RenewTime, ended(t, second))

	asked := time.Now()
	third := r.start(t)
	third.Says(t, leads)
	assert.Less(t, time.Since(asked), election.Duration, "a Lease that was given up is not waited for")
	third.Says(t, "game day elected: next run at")
	assert.NotContains(t, third.Stderr.String(), "restored   ConfigMap")
	for _, minute := range minutes(t, third) {
		assert.NotContains(t, slices.Concat(minutes(t, second), killed), minute, "it was run")
	}
	code, _ = third.Interrupt(t)
	assert.Zero(t, code)
	assertSameContent(t, before, r.configMap(t))
	r.remembered(t)
}

// TestServeElectsAnotherInADrain proves that when the replica that leads is killed in the middle of a drain, the other one gives the node
// back as it was.
func TestServeElectsAnotherInADrain(t *testing.T) {
	t.Parallel()
	s := newShop(t, takeNodes(t), healthy)
	r := replicasOf(t, s, "*/20 * * * * *", quiet("drain", "deployment/frontend", "nodeDrain: {count: 1}", "2m")+"  guard: {maxAffected: 67%}\n")
	before := s.nodes(t)
	first := r.start(t)
	first.Says(t, leads)
	second := r.start(t)
	second.Says(t, "leads; this replica waits")
	first.Says(t, "inject  evict pod")
	first.Signal(t, syscall.SIGKILL)
	<-first.Ended
	require.NotEqual(t, before, s.nodes(t))

	second.Says(t, "restored   Node ")
	code, _ := second.Interrupt(t) // it may have begun a drain of its own
	assert.Zero(t, code)
	assert.Equal(t, before, s.nodes(t), "the nodes are not as before")
	assert.Empty(t, slices.DeleteFunc(s.marks(t), func(o string) bool { return strings.HasPrefix(o, "Lease/serve:") }))
	s.settle(t)
}

// ended is when the last run of a replica ended.
func ended(t *testing.T, p *binary.Process) time.Time {
	t.Helper()
	dirs := p.Dirs(t)
	result := binary.ResultIn(t, dirs[len(dirs)-1])
	assert.Equal(t, report.UndoClean, result.Undo)
	return result.EndedAt
}

// TestServeLosesTheLead proves that a leader that was stopped for so long that another one leads runs nothing when it goes on, and
// waits like any other.
func TestServeLosesTheLead(t *testing.T) {
	t.Parallel()
	r := newReplicas(t)
	first := r.start(t)
	first.Says(t, leads)
	first.SaysTimes(t, "game day elected: next run at", 2) // after its first run
	first.Signal(t, syscall.SIGSTOP)
	second := r.start(t)
	second.Says(t, leads)
	second.Says(t, "proved  patch")
	ran := minutes(t, first)
	first.Signal(t, syscall.SIGCONT)
	first.Says(t, "warning: the lead was lost")
	first.Says(t, "leads; this replica waits")
	second.SaysTimes(t, "game day elected: next run at", 2)
	assert.Equal(t, ran, minutes(t, first), "it has begun none since")
	both := slices.Concat(ran, minutes(t, second))
	slices.SortFunc(both, time.Time.Compare)
	assert.Len(t, slices.CompactFunc(slices.Clone(both), time.Time.Equal), len(both), "none is run twice: %v", both)
	for _, p := range []*binary.Process{first, second} {
		code, _ := p.Interrupt(t)
		assert.Zero(t, code)
	}
	assert.Empty(t, slices.DeleteFunc(r.marks(t), func(o string) bool { return strings.HasPrefix(o, "Lease/serve:") }))
}
