//go:build linux

// Package acceptance tries the lab's command on this machine. It needs root, a machine that
// `lab prepare` has made ready, and some minutes:
//
//	go test ./acceptance/ -timeout 15m
package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/lab"
)

// binary is the path of the command under test.
var binary string

func TestMain(m *testing.M) {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "these tests make labs, which needs root: run them with sudo env PATH=$PATH go test ./acceptance/")
		os.Exit(1)
	}
	dir, err := os.MkdirTemp("", "lab-acceptance-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "lab")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/lab").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build lab: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// outcome is what a command did.
type outcome struct {
	stdout, stderr string
	code           int
}

func command(args ...string) *exec.Cmd {
	c := exec.Command(binary, args...)
	sources, _ := filepath.Abs("../components")
	c.Env = append(os.Environ(), "CHAOSCTL_LAB_COMPONENTS="+sources)
	return c
}

// run runs lab with arguments, whatever comes of it.
func run(t *testing.T, args ...string) outcome {
	t.Helper()
	c := command(args...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !asExit(err, &exit) {
		require.NoError(t, err)
	}
	return outcome{stdout.String(), stderr.String(), c.ProcessState.ExitCode()}
}

func asExit(err error, exit **exec.ExitError) bool {
	return errors.As(err, exit)
}

// must runs lab with arguments, and wants it to succeed.
func must(t *testing.T, args ...string) outcome {
	t.Helper()
	o := run(t, args...)
	require.Zero(t, o.code, "lab %s\n%s%s", strings.Join(args, " "), o.stdout, o.stderr)
	return o
}

func statusOf(t *testing.T, name string) lab.Status {
	t.Helper()
	var status lab.Status
	require.NoError(t, json.Unmarshal([]byte(must(t, "status", "--name", name, "-o", "json").stdout), &status))
	return status
}

// eventually waits for the status of a lab to be as wanted.
func eventually(t *testing.T, name, what string, within time.Duration, wanted func(lab.Status) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	for {
		status := statusOf(t, name)
		if wanted(status) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %s: %+v", what, within, status)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func healthy(s lab.Status) bool { return s.Healthy }

// buildWeb builds the server that pods of these tests run.
func buildWeb(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "web")
	c := exec.Command("go", "build", "-o", out, "./testdata/web")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	output, err := c.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return out
}
