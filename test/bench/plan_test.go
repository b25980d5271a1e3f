package bench

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const experiment = `apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: crowd}
spec:
  promise: self-healing
  target: {namespace: default, selector: {app: web}}
  faults:
  - podKill: {count: 1}
  expect:
  - replicas: {atLeast: 1}
`

// BenchmarkPlan compares the plan for a namespace of 10,000 pods with `kubectl get pods -o json` on the same API server:
// whole processes, in turn, by wall time and peak memory.
func BenchmarkPlan(b *testing.B) {
	chaosctl, kubectl := program(b, "chaosctl"), program(b, "kubectl")
	file := filepath.Join(b.TempDir(), "crowd.yaml")
	require.NoError(b, os.WriteFile(file, []byte(experiment), 0o600))
	c := newCrowd(b)
	var ours, theirs figures
	for b.Loop() {
		ours.add(measure(b, chaosctl, "plan", "-f", file, "--seed", "1", "--kubeconfig", c.lab.Kubeconfig))
		theirs.add(measure(b, kubectl, "get", "pods", "-o", "json", "--kubeconfig", c.lab.Kubeconfig))
	}
	compare(b, "plan", ours, theirs)
}

// BenchmarkStart compares what the programs take before they do anything.
func BenchmarkStart(b *testing.B) {
	chaosctl, kubectl := program(b, "chaosctl"), program(b, "kubectl")
	var ours, theirs figures
	for b.Loop() {
		ours.add(measure(b, chaosctl, "version"))
		theirs.add(measure(b, kubectl, "version", "--client"))
	}
	compare(b, "start", ours, theirs)
}

// program is the path of one that make builds.
func program(b *testing.B, name string) string {
	path, err := filepath.Abs(filepath.Join("..", "..", "bin", name))
	require.NoError(b, err)
	require.FileExists(b, path, "run make bench")
	return path
}

func compare(b *testing.B, what string, ours, theirs figures) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ours.seconds/ours.runs, what+"-s")
	b.ReportMetric(ours.megabytes, what+"-MiB")
	b.ReportMetric(theirs.seconds/theirs.runs, "kubectl-s")
	b.ReportMetric(theirs.megabytes, "kubectl-MiB")
	b.ReportMetric(ours.seconds/theirs.seconds, "time-ratio")
	b.ReportMetric(ours.megabytes/theirs.megabytes, "memory-ratio")
}

// figures of several runs: the time of all, the greatest peak.
type figures struct{ runs, seconds, megabytes float64 }

func (f *figures) add(other figures) {
	f.runs += other.runs
	f.seconds += other.seconds
	f.megabytes = max(f.megabytes, other.megabytes)
}

func measure(b *testing.B, name string, args ...string) figures {
	command := exec.CommandContext(b.Context(), name, args...)
	start := time.Now()
	output, err := command.Output()
	took := time.Since(start)
	require.NoError(b, err, "%s %v", output, stderrOf(err))
	usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	require.True(b, ok)
	return figures{1, took.Seconds(), float64(usage.Maxrss) / 1024}
}

func stderrOf(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(exit.Stderr)
	}
	return ""
}
