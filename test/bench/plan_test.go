package bench

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

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
	chaosctl, kubectl, with := program(b, "chaosctl"), program(b, "kubectl"), gauge(b)
	file := filepath.Join(b.TempDir(), "crowd.yaml")
	require.NoError(b, os.WriteFile(file, []byte(experiment), 0o600))
	c := newCrowd(b)
	var ours, theirs figures
	for b.Loop() {
		ours.add(measure(b, with, chaosctl, "plan", "-f", file, "--seed", "1", "--kubeconfig", c.lab.Kubeconfig))
		theirs.add(measure(b, with, kubectl, "get", "pods", "-o", "json", "--kubeconfig", c.lab.Kubeconfig))
	}
	compare(b, "plan", ours, theirs)
}

// BenchmarkStart compares what the programs take before they do anything: to say their version, and what they can do.
func BenchmarkStart(b *testing.B) {
	chaosctl, kubectl, with := program(b, "chaosctl"), program(b, "kubectl"), gauge(b)
	for name, c := range map[string]struct{ ours, theirs []string }{
		"version": {[]string{"version"}, []string{"version", "--client"}},
		"help":    {[]string{"--help"}, []string{"--help"}},
	} {
		b.Run(name, func(b *testing.B) {
			var ours, theirs figures
			for b.Loop() {
				ours.add(measure(b, with, chaosctl, c.ours...))
				theirs.add(measure(b, with, kubectl, c.theirs...))
			}
			compare(b, "start", ours, theirs)
		})
	}
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

// gauge is the path of the program measure.
func gauge(b *testing.B) string {
	path := filepath.Join(b.TempDir(), "measure")
	output, err := exec.CommandContext(b.Context(), "go", "build", "-o", path, "./measure").CombinedOutput()
	require.NoError(b, err, "%s", output)
	return path
}

func measure(b *testing.B, gauge, name string, args ...string) figures {
	command := exec.CommandContext(b.Context(), gauge, append([]string{name}, args...)...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	require.NoError(b, err, stderr.String())
	var took struct {
		Seconds float64
		KiB     float64
	}
	require.NoError(b, json.Unmarshal(output, &took))
	return figures{1, took.Seconds, took.KiB / 1024}
}
