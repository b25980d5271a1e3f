//go:build linux

package acceptance

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestKilledUpLeavesNothingAfterDown kills `lab up` at twenty points between its first instant and
// its last, and wants `lab down` to leave the machine as it was.
func TestKilledUpLeavesNothingAfterDown(t *testing.T) {
	const name = "t-kill"
	must(t, "down", "--name", name)
	before := look(t, name)
	t.Cleanup(func() { run(t, "down", "--name", name) })
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	for round := range 20 {
		// The first second is where most is made.
		wait := time.Duration(random.Float64() * float64(time.Second))
		if round%2 == 1 {
			wait = time.Duration(random.Float64() * float64(8*time.Second))
		}
		killUp(t, name, wait)
		if round%5 == 4 {
			// A half-made lab is also mended by the next up, killed in turn.
			killUp(t, name, wait)
		}
		start := time.Now()
		must(t, "down", "--name", name)
		t.Logf("round %d: killed after %s, down in %s", round, wait.Round(time.Millisecond), time.Since(start).Round(time.Millisecond))
		unchanged(t, name, before)
	}
}

// killUp starts `lab up` and kills it after a while, by a signal it cannot see coming.
func killUp(t *testing.T, name string, after time.Duration) {
	t.Helper()
	up := command("up", "--name", name, "--nodes", "2")
	require.NoError(t, up.Start())
	time.Sleep(after)
	require.NoError(t, up.Process.Signal(syscall.SIGKILL))
	_ = up.Wait()
}

func TestInterruptedUpCleansUp(t *testing.T) {
	const name = "t-interrupt"
	before := look(t, name)
	up := command("up", "--name", name, "--nodes", "1")
	require.NoError(t, up.Start())
	require.Eventually(t, func() bool {
		_, err := os.Stat("/var/lib/chaosctl-lab/" + name + "/logs/kube-apiserver.log")
		return err == nil
	}, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, up.Process.Signal(os.Interrupt))
	err := up.Wait()
	require.IsType(t, &exec.ExitError{}, err)
	require.Equal(t, 1, up.ProcessState.ExitCode())
	unchanged(t, name, before)
}
