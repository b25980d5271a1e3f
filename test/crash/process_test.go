package crash

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/chaosctl/chaosctl/test/crash/point"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// process is one that has ended.
type process struct {
	// dir is where it ran, empty before.
	dir    string
	output string
	// requests are those that change something, of a chaosctl that crashes.
	requests []string
	// delayed is the one that is still on its way; nil for none.
	delayed *point.Delayed
	killed  bool
	code    int
}

// crash runs the chaosctl that is killed at a point.
func (s *scene) crash(t *testing.T, args []string, at point.Point) process {
	t.Helper()
	return s.crashOf(t, shared.crasher, args, at)
}

func (s *scene) crashOf(t *testing.T, program string, args []string, at point.Point) process {
	t.Helper()
	record := filepath.Join(t.TempDir(), "requests")
	p := execute(t, program, args, "CRASH_AT="+at.String(), "CRASH_RECORD="+record)
	text, err := os.ReadFile(record)
	require.NoError(t, err, "%s", p.output)
	for line := range strings.Lines(string(text)) {
		if delayed, ok := strings.CutPrefix(line, point.DelayedPrefix); ok {
			require.NoError(t, json.Unmarshal([]byte(delayed), &p.delayed))
			continue
		}
		p.requests = append(p.requests, strings.TrimSpace(line))
	}
	return p
}

// deliver sends what was delayed. Whether the server takes it is for the caller to see from what comes of it.
func deliver(t *testing.T, d *point.Delayed) {
	t.Helper()
	request := shared.client.CoreV1().RESTClient().Verb(d.Method).RequestURI(d.URI).SetHeader("Content-Type", d.ContentType).Body(d.Body)
	err := request.Do(t.Context()).Error()
	var status apierrors.APIStatus
	if err != nil && !errors.As(err, &status) {
		require.NoError(t, err)
	}
}

// recovered runs the real chaosctl, which has nothing of the one that crashed but the cluster.
func (s *scene) recovered(t *testing.T) process {
	t.Helper()
	return execute(t, binary.Path("chaosctl"), s.recoverArgs())
}

func execute(t *testing.T, program string, args []string, env ...string) process {
	t.Helper()
	p := process{dir: t.TempDir()}
	command := exec.CommandContext(t.Context(), program, append([]string{args[0], "--kubeconfig", shared.Kubeconfig}, args[1:]...)...)
	command.Dir, command.Env = p.dir, append(os.Environ(), env...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	require.NoError(t, command.Start())
	_ = command.Wait() // its exit code is the caller's to look at
	p.output, p.code = output.String(), command.ProcessState.ExitCode()
	status, ok := command.ProcessState.Sys().(syscall.WaitStatus)
	p.killed = ok && status.Signaled() && status.Signal() == syscall.SIGKILL
	return p
}
