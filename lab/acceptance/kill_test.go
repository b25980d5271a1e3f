//go:build linux

package acceptance

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/lab"
)

// TestKilledUpLeavesNothingAfterDown kills `lab up` at twenty points between its first instant and
// its last, and wants `lab down` to leave the machine as it was.
func TestKilledUpLeavesNothingAfterDown(t *testing.T) {
	const name = "t-kill"
	clear(t, name)
	before := look(t, name)
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

func TestUpMendsAHalfMadeLab(t *testing.T) {
	const name = "t-mend"
	clear(t, name)
	before := look(t, name)
	up, _ := beginUp(t, name)
	require.NoError(t, up.Process.Kill())
	_ = up.Wait()
	require.Contains(t, must(t, "status", "--name", name).stdout, "half made")
	refused(t, run(t, "node", "cut", "--name", name, "node1"), "was left half made", "lab up")
	mended := must(t, "up", "--name", name, "--nodes", "1")
	require.Contains(t, mended.stderr, "removing it first")
	require.True(t, statusOf(t, name).Healthy)
	must(t, "down", "--name", name)
	unchanged(t, name, before)
}

// clear removes what an earlier test run may have left, and does so again after the test.
func clear(t *testing.T, name string) {
	t.Helper()
	must(t, "down", "--name", name)
	t.Cleanup(func() { run(t, "down", "--name", name) })
}

// beginUp starts `lab up` and returns once it starts programs.
func beginUp(t *testing.T, name string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	up := command("up", "--name", name, "--nodes", "1")
	var stderr bytes.Buffer
	up.Stderr = &stderr
	require.NoError(t, up.Start())
	require.Eventually(t, func() bool {
		_, err := os.Stat(lab.DefaultStateRoot + "/" + name + "/logs/kube-apiserver.log")
		return err == nil
	}, 20*time.Second, 5*time.Millisecond)
	return up, &stderr
}

func TestInterruptedUpCleansUp(t *testing.T) {
	const name = "t-interrupt"
	clear(t, name)
	before := look(t, name)
	up, stderr := beginUp(t, name)
	require.NoError(t, up.Process.Signal(os.Interrupt))
	_ = up.Wait()
	require.Equal(t, 1, up.ProcessState.ExitCode(), stderr.String())
	require.Contains(t, stderr.String(), "interrupt")
	unchanged(t, name, before)
}

func TestUpNamesTheComponentThatDiesAndCleansUp(t *testing.T) {
	const name = "t-death"
	clear(t, name)
	before := look(t, name)
	up, stderr := beginUp(t, name)
	for _, process := range look(t, name)["processes"] {
		pid, program, _ := strings.Cut(strings.TrimPrefix(process, "/proc/"), " ")
		if strings.Contains(program, "/etcd ") {
			require.NoError(t, exec.Command("kill", "-9", pid).Run())
		}
	}
	_ = up.Wait()
	require.Equal(t, 1, up.ProcessState.ExitCode())
	require.Contains(t, stderr.String(), "error: etcd died: signal: killed; the end of its log:")
	unchanged(t, name, before)
}
