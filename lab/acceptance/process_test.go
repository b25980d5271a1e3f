//go:build linux

package acceptance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/lab/internal/cgroup"
	"github.com/chaosctl/chaosctl/lab/internal/process"
)

// hierarchies are the control groups that this machine has: a v2 hierarchy without controllers
// beside v1 will do for processes.
func hierarchies(t *testing.T) map[string]*cgroup.Host {
	t.Helper()
	used, err := cgroup.Detect()
	require.NoError(t, err)
	hosts := map[string]*cgroup.Host{"in use": used}
	if _, err := os.Stat("/sys/fs/cgroup/unified/cgroup.procs"); err == nil {
		hosts["v2"] = cgroup.Unified("/sys/fs/cgroup/unified")
	}
	return hosts
}

// TestProcessIsAMemberFromItsFirstInstant has a program say at once which group and namespaces it
// finds itself in, and then removes it by its membership alone.
func TestProcessIsAMemberFromItsFirstInstant(t *testing.T) {
	for kind, host := range hierarchies(t) {
		t.Run(kind, func(t *testing.T) {
			group := host.Group("t-process/inner")
			require.NoError(t, group.Create())
			log := filepath.Join(t.TempDir(), "log")
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			started, err := process.Start(process.Program{
				Path: "/bin/sh", Args: []string{"-c", "cat /proc/self/cgroup; readlink /proc/self/ns/net; sleep 100 & sleep 100"},
				Log: log, Group: group, Fresh: syscall.CLONE_NEWNET,
			})
			require.NoError(t, err)
			var said string
			require.Eventually(t, func() bool {
				data, _ := os.ReadFile(log)
				said = string(data)
				return strings.Contains(said, "net:[")
			}, 5*time.Second, 10*time.Millisecond)
			assert.Contains(t, said, ":/t-process/inner\n")
			own, err := os.Readlink("/proc/self/ns/net")
			require.NoError(t, err)
			assert.NotContains(t, said, own)

			inside := process.Namespaces{Anchor: started.Pid}
			require.NoError(t, inside.Do(func() error {
				link, err := os.Readlink("/proc/thread-self/ns/net")
				if err == nil && !strings.Contains(said, link) {
					err = fmt.Errorf("in %s rather than in the program's", link)
				}
				return err
			}))
			now, err := os.Readlink("/proc/self/ns/net")
			require.NoError(t, err)
			assert.Equal(t, own, now, "this process stays where it is")

			outer := host.Group("t-process")
			require.NoError(t, outer.Kill(ctx))
			<-started.Done()
			assert.Error(t, started.Err())
			require.NoError(t, outer.Remove(ctx))
			assert.False(t, outer.Exists())
		})
	}
}
