//go:build linux

package acceptance

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRefusals gives the command what it cannot do. It must say what is wrong in one line and how to
// mend it in another, fail, and leave the machine as it was.
func TestRefusals(t *testing.T) {
	const name = "t-refuse"
	before := look(t, name)
	foreign := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(foreign, name, "photos"), 0o755))
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	script := filepath.Join(t.TempDir(), "script")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\n"), 0o755))

	for _, c := range []struct {
		args, problem, mend string
	}{
		{"up --name Bad_Name", `"Bad_Name" is no name for a lab`, "use a letter"},
		{"down --name ../etc", `"../etc" is no name for a lab`, "use a letter"},
		{"up --nodes 0", "a lab cannot have", "--nodes 1 to 16"},
		{"up --nodes 17", "a lab cannot have 17 nodes", "--nodes 1 to 16"},
		{"up --nodes 2 --zones 3", "2 nodes cannot be spread over 3 zones", "fewer"},
		{"up --profile slow", `there is no profile "slow"`, "realistic"},
		{"up --addons mesh", `there is no addon "mesh"`, "metrics and dns"},
		{"up --profile control-plane --addons dns", "has no nodes for them", "another profile"},
		{"up --state-dir /run/labs", "cannot lie below /run", "choose a folder"},
		{"up --state-dir " + foreign, "holds files that are no lab's", "--state-dir"},
		{"up --state-dir " + file + "/below", "cannot be used", "--state-dir"},
		{"up --components /nowhere", "/nowhere holds no component sources", "lab/components"},
		{"up now", `unknown command "now"`, ""},
		{"status", "there is no lab named", "lab up"},
		{"status -o yaml", `there is no output format "yaml"`, "json"},
		{"kubeconfig", "there is no lab named", "lab list"},
		{"logs etcd", "there is no lab named", "lab list"},
		{"node stop node1", "there is no lab named", "lab list"},
		{"node stop", "accepts 1 arg(s)", ""},
		{"load-image", "there is nothing to load", "web.tar"},
		{"load-image --tag x a b", "out of 2 files", "one binary"},
	} {
		args := strings.Fields(c.args)
		if !strings.Contains(c.args, "--name") {
			args = append(args, "--name", name)
		}
		refused(t, run(t, args...), c.problem, c.mend)
	}
	assert.DirExists(t, filepath.Join(foreign, name, "photos"))
	unchanged(t, name, before)
}

func refused(t *testing.T, o outcome, problem, mend string) {
	t.Helper()
	assert.Equal(t, 1, o.code, o.stderr)
	assert.Empty(t, o.stdout)
	lines := strings.Split(strings.TrimSpace(o.stderr), "\n")
	assert.LessOrEqual(t, len(lines), 2, o.stderr)
	assert.True(t, strings.HasPrefix(lines[0], "error: "), o.stderr)
	assert.Contains(t, lines[0], problem)
	if mend != "" && assert.Len(t, lines, 2, o.stderr) {
		assert.True(t, strings.HasPrefix(lines[1], "hint: "), o.stderr)
		assert.Contains(t, lines[1], mend)
	}
}

// finish runs a command that was changed after it was made.
func finish(t *testing.T, c *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	_ = c.Run()
	return outcome{stdout.String(), stderr.String(), c.ProcessState.ExitCode()}
}

func TestRefusesWithoutRoot(t *testing.T) {
	require.NoError(t, os.Chmod(filepath.Dir(binary), 0o755))
	for _, args := range [][]string{{"up"}, {"down"}, {"status"}, {"prepare", "--install=false"}} {
		c := command(append(args, "--name", "t-refuse")...)
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		refused(t, finish(t, c), "only root may", "sudo")
	}
}

func TestRefusesWithoutGo(t *testing.T) {
	c := command("up", "--name", "t-refuse")
	c.Env = append(c.Env, "PATH=/nowhere")
	refused(t, finish(t, c), "the lab builds its components with Go", "go.dev")
}

// within runs the command in a mount namespace that a script has changed.
func within(t *testing.T, script string, args ...string) outcome {
	t.Helper()
	c := command(args...)
	c.Path = "/bin/sh"
	c.Args = []string{"sh", "-c", "mount --make-rprivate / && " + script + ` && exec "$0" "$@"`, binary}
	c.Args = append(c.Args, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	return finish(t, c)
}

func TestRefusesWithoutPackages(t *testing.T) {
	hide := `for f in $(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin which -a nft runc); do mount --bind /dev/null $f; done`
	o := within(t, hide, "up", "--name", "t-refuse")
	refused(t, o, "the lab needs the packages runc nftables", "lab prepare")
}

func TestRefusesAFullDisk(t *testing.T) {
	const name = "t-refuse"
	before := look(t, name)
	small := t.TempDir()
	o := within(t, "mount -t tmpfs -o size=8m none "+small, "up", "--name", name, "--state-dir", small)
	refused(t, o, "has 8 MB free and a lab needs 1024 MB", "--state-dir")
	o = within(t, "mount -t tmpfs -o ro none "+small, "up", "--name", name, "--state-dir", small)
	refused(t, o, "read-only file system", "--state-dir")
	o = within(t, "mount -t tmpfs -o size=1g none "+small, "up", "--name", name, "--cache", small)
	refused(t, o, "building the lab's components needs 6144 MB", "--cache")
	unchanged(t, name, before)
}
