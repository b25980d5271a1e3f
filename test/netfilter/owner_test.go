package netfilter

import (
	"bufio"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/netfilter"
)

// TestKilled: when the process is killed, without a chance to do anything, the kernel puts the network back.
func TestKilled(t *testing.T) {
	s := newScene(t)
	before := s.network(t)
	process := exec.Command("/proc/self/exe")
	process.Env = append(os.Environ(), killed+"=yes")
	out, err := process.StdoutPipe()
	require.NoError(t, err)
	in(t, s.pod, func() { require.NoError(t, process.Start()) })
	t.Cleanup(func() { process.Process.Kill(); process.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "in force\n", line)
	require.NotEqual(t, before, s.network(t))
	assert.Zero(t, send(t, s.peer, s.pod, podAddresses[0], 5000, 10))

	require.NoError(t, process.Process.Kill())
	require.Error(t, process.Wait(), "killed")
	assert.Eventually(t, func() bool { return len(s.tables(t)) == 0 }, 10*time.Second, time.Millisecond)
	assert.Equal(t, before, s.network(t))
	assert.Equal(t, 10, send(t, s.peer, s.pod, podAddresses[0], 5000, 10))
}

// TestSideBySide: each process has tables of its own.
func TestSideBySide(t *testing.T) {
	s := newScene(t)
	before := s.network(t)
	one := s.install(t, netfilter.Rule{Action: netfilter.Drop, Direction: netfilter.In, Ports: []uint16{5000}})
	other := s.install(t, netfilter.Rule{Action: netfilter.Drop, Direction: netfilter.In, Ports: []uint16{5001}})
	assert.Zero(t, send(t, s.peer, s.pod, podAddresses[0], 5000, 10))
	assert.Zero(t, send(t, s.peer, s.pod, podAddresses[0], 5001, 10))
	require.NoError(t, one.Close())
	assert.Equal(t, 10, send(t, s.peer, s.pod, podAddresses[0], 5000, 10))
	assert.Zero(t, send(t, s.peer, s.pod, podAddresses[0], 5001, 10))
	require.NoError(t, other.Close())
	assert.Equal(t, before, s.network(t))
}

// TestInstallFails: rules of which one cannot be had leave nothing.
func TestInstallFails(t *testing.T) {
	s := &scene{pod: newNamespace(t)} // no device is up
	before := s.network(t)
	in(t, s.pod, func() {
		_, err := netfilter.Install(netfilter.RedirectIn(netfilter.TCP, 1, 2), netfilter.Rule{Action: netfilter.Drop, Direction: netfilter.In})
		assert.ErrorContains(t, err, "there is no network here")
	})
	assert.Equal(t, before, s.network(t))
}
