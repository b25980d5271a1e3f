package recovery

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/pkg/killswitch"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// TestOneOfManyRuns: of eight processes that start at once, one runs, and the others say which. When that is killed, the
// next one puts back first, then runs.
func TestOneOfManyRuns(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	experiment := s.experiment(t, long, time.Minute)
	var all []*binary.Process
	for range 8 {
		all = append(all, binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "run", "-f", experiment))
	}
	var winner *binary.Process
	eventually(t, "seven have ended", func() bool {
		var running []*binary.Process
		for _, p := range all {
			select {
			case <-p.Ended:
			default:
				running = append(running, p)
			}
		}
		winner = running[0]
		return len(running) == 1
	})
	for _, p := range all {
		if p == winner {
			continue
		}
		assert.Equal(t, report.ExitRefused, p.Exit(t))
		assert.Contains(t, p.Stderr.String(), "/deployment/web is taken: run ")
		assert.Contains(t, p.Stderr.String(), fmt.Sprintf("process %d, ", winner.PID()))
		assert.NoDirExists(t, p.Out)
	}
	winner.Says(t, "proved  patch configmap")
	dead := s.run(t)
	winner.Signal(t, syscall.SIGKILL)
	<-winner.Ended
	require.True(t, s.marked(t, 0, dead))

	next := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "run", "-f", s.experiment(t, short, 0))
	require.Zero(t, next.Exit(t))
	before, after, said := strings.Cut(next.Stderr.String(), "has ended without putting everything back; that comes first")
	assert.True(t, said)
	assert.Contains(t, before, dead)
	assert.Contains(t, after, "restored   ConfigMap "+s.namespace+"/settings-0 data.mode")
	assert.Equal(t, report.UndoClean, next.Result(t).Undo)
	s.assertClean(t)
}

// relay carries the TCP connections of one run, until it is stopped.
func relay(t *testing.T) (proxy *toxiproxy.Proxy, kubeconfig string) {
	t.Helper()
	server, err := url.Parse(shared.config.Host)
	require.NoError(t, err)
	proxy = toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), t.Name(), "127.0.0.1:0", server.Host)
	require.NoError(t, proxy.Start())
	t.Cleanup(proxy.Stop)
	config, err := clientcmd.LoadFromFile(shared.Kubeconfig)
	require.NoError(t, err)
	for _, c := range config.Clusters {
		c.Server, c.TLSServerName = "https://"+proxy.Listen, server.Hostname()
	}
	kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, clientcmd.WriteToFile(*config, kubeconfig))
	return proxy, kubeconfig
}

// TestPartition: a run that cannot renew its lease ends before others may take it.
func TestPartition(t *testing.T) {
	t.Parallel()
	t.Run("that heals", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		proxy, kubeconfig := relay(t)
		p := s.start(t, kubeconfig)
		proxy.Stop()
		p.Says(t, "waiting for the API server") // to undo: the run was aborted
		require.NoError(t, proxy.Start())
		assertAborted(t, p, "its lease "+s.namespace+"/chaosctl-deployment-web could not be renewed for ")
		s.assertClean(t)
	})
	t.Run("that lasts", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		proxy, kubeconfig := relay(t)
		p := s.start(t, kubeconfig, "--undo-timeout", "2s")
		dead := s.run(t)
		proxy.Stop()
		require.Equal(t, report.ExitUndoIncomplete, p.Exit(t))
		assert.Equal(t, report.UndoIncomplete, p.Result(t).Undo)
		assert.Contains(t, strings.Join(p.Result(t).Reasons, "; "), "could not be renewed for ")
		require.True(t, s.marked(t, 0, dead))
		_, code := chaosctl(t, "recover", dead)
		require.Zero(t, code)
		s.assertClean(t)
	})
}

// TestLeaseRemoved: somebody deletes the lease.
func TestLeaseRemoved(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	p := s.start(t, shared.Kubeconfig)
	require.NoError(t, shared.client.CoordinationV1().Leases(s.namespace).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}))
	assertAborted(t, p, "its lease "+s.namespace+"/chaosctl-deployment-web was removed")
	s.assertClean(t)
}

// TestRecoveredUnderItsFeet: somebody recovers a run that lives. It ends, and has nothing left to do.
func TestRecoveredUnderItsFeet(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	p := s.start(t, shared.Kubeconfig)
	refused, code := chaosctl(t, "recover", s.run(t))
	assert.Equal(t, report.ExitRefused, code)
	assert.Contains(t, refused.Stderr.String(), "is in progress, and puts things back itself")
	assert.Contains(t, refused.Stderr.String(), "may still be alive; its lease expires in ")
	spared, code := chaosctl(t, "recover", "--all", "-n", s.namespace)
	assert.Zero(t, code)
	assert.Contains(t, spared.Stderr.String(), "note: run ")
	require.True(t, s.marked(t, 0, s.run(t)), "a run in progress was undone")

	recovered, code := chaosctl(t, "recover", "--now", s.run(t))
	require.Zero(t, code)
	assert.Contains(t, recovered.Stdout.String(), "restored   ConfigMap "+s.namespace+"/settings-0 data.mode")
	assertAborted(t, p, "its lease "+s.namespace+"/chaosctl-deployment-web was ")
	s.assertClean(t)
}

// TestStoppedBeyondItsLease: a run that stood still while others recovered it, and began another on the same target, does
// not inject anything any more, and leaves the other's alone.
func TestStoppedBeyondItsLease(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	old := s.start(t, shared.Kubeconfig)
	stopped := s.run(t)
	old.Signal(t, syscall.SIGSTOP)
	eventually(t, "the process stands still", func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", old.PID()))
		require.NoError(t, err)
		return strings.Contains(string(text), "T (stopped)")
	})
	p, code := chaosctl(t, "recover", stopped)
	require.Zero(t, code)
	assert.Contains(t, p.Stderr.String(), "may still be alive; its lease expires in 15s")
	s.assertClean(t)

	other := s.start(t, shared.Kubeconfig)
	versions := s.versions(t)
	old.Signal(t, syscall.SIGCONT)
	assert.Equal(t, report.ExitAborted, old.Exit(t))
	r := old.Result(t)
	assert.Equal(t, report.UndoDiverged, r.Undo, "what is there now is another run's")
	assert.Contains(t, r.Reasons[0], "its lease "+s.namespace+"/chaosctl-deployment-web was taken by others: run ")
	assert.Equal(t, versions, s.versions(t), "a run that is over has written to what another breaks")
	code, _ = other.Interrupt(t)
	assert.Equal(t, report.ExitInterrupted, code)
	assert.Equal(t, report.UndoClean, other.Result(t).Undo)
	s.assertClean(t)
}

// TestKillSwitch is not parallel: the switch ends the runs of all tests.
func TestKillSwitch(t *testing.T) {
	s := newScene(t)
	p := s.start(t, shared.Kubeconfig)
	t.Cleanup(func() {
		_, err := killswitch.Lift(context.Background(), shared.client)
		assert.NoError(t, err)
	})
	_, code := chaosctl(t, "stop", "--reason", "x")
	assert.Equal(t, report.ExitInvalid, code, "all runs of everybody end only for those who say so")
	stop, code := chaosctl(t, "stop", "--all", "--reason", "the shop is on fire")
	require.Zero(t, code)
	assert.Contains(t, stop.Stdout.String(), "the kill switch is set by ")
	ordered := time.Now()
	assertAborted(t, p, ": the shop is on fire")
	assert.Less(t, time.Since(ordered), 30*time.Second)
	t.Logf("ended %s after the order", time.Since(ordered).Round(time.Millisecond))
	s.assertClean(t)

	refused, code := chaosctl(t, "run", "-f", s.experiment(t, short, 0))
	assert.Equal(t, report.ExitRefused, code)
	assert.Contains(t, refused.Stderr.String(), "the kill switch is set by ")
	assert.Contains(t, refused.Stderr.String(), ": the shop is on fire")
	assert.Contains(t, refused.Stderr.String(), "`chaosctl allow` lifts it")
	again, code := chaosctl(t, "stop", "--all", "--reason", "another")
	assert.Zero(t, code)
	assert.Contains(t, again.Stdout.String(), "the shop is on fire", "the first order stays in force")
	seen, _ := chaosctl(t, "status", "-n", s.namespace)
	assert.Contains(t, seen.Stdout.String(), "the shop is on fire")

	_, code = chaosctl(t, "allow")
	require.Zero(t, code)
	_, code = chaosctl(t, "run", "-f", s.experiment(t, short, 0))
	assert.Zero(t, code)
	s.assertClean(t)
}
