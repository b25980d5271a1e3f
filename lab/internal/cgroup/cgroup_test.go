//go:build linux

package cgroup

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const v1 = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime shared:9 - cgroup cgroup rw,cpuset
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
36 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices
37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
42 31 0:29 / /elsewhere rw,relatime - cgroup cgroup rw,cpu,cpuacct
`

func TestParseFindsTheHierarchiesOfV1Once(t *testing.T) {
	host, err := parse(strings.NewReader(v1))
	require.NoError(t, err)
	assert.False(t, host.Unified, "an empty v2 hierarchy beside v1 is not used")
	assert.Len(t, host.mounts, 7)
	assert.Contains(t, host.Group("/a/b").dirs(), "/sys/fs/cgroup/systemd/a/b")
}

func TestParseFindsV2(t *testing.T) {
	host, err := parse(strings.NewReader("30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"))
	require.NoError(t, err)
	assert.True(t, host.Unified)
	assert.Equal(t, []string{"/sys/fs/cgroup/x"}, host.Group("x").dirs())
}

func TestParseSaysWhatIsMissing(t *testing.T) {
	_, err := parse(strings.NewReader(strings.Replace(v1, "rw,memory", "rw,other", 1)))
	assert.EqualError(t, err, "cgroup v1 is mounted without memory")
	_, err = parse(strings.NewReader(""))
	assert.EqualError(t, err, "no control groups are mounted")
}

func TestDeadKnowsAZombieFromAProcess(t *testing.T) {
	assert.False(t, dead(os.Getpid()))
	child := exec.Command("true")
	require.NoError(t, child.Start())
	assert.Eventually(t, func() bool { return dead(child.Process.Pid) }, 5e9, 1e6)
	require.NoError(t, child.Wait())
	assert.True(t, dead(child.Process.Pid))
}
