package alone

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/test/bench/record"
)

// BenchmarkStart compares how long programs take that have nothing to do, and the memory that this maps.
func BenchmarkStart(b *testing.B) {
	with := gauge(b)
	starting := func(name, program string, args ...string) subject {
		path := installed(b, program)
		version, err := exec.CommandContext(b.Context(), path, "version", "--client").Output()
		if err != nil {
			version, err = exec.CommandContext(b.Context(), path, "version").Output()
		}
		require.NoError(b, err)
		return subject{name, strings.ReplaceAll(strings.TrimSpace(string(version)), "\n", ", "), func(b *testing.B, _ task) outcome {
			return gauged(b, with, append([]string{path}, args...)...)
		}}
	}
	all := []subject{
		starting("chaosctl", "chaosctl", "version"), starting("chaosctl --help", "chaosctl", "--help"), starting("kubectl", "kubectl", "version", "--client"),
	}
	file, spent := keep(b, "start", all), sums{}
	const each = 20
	rounds(b, all, func(round, place int, s subject) {
		for range each {
			o := s.run(b, task{})
			spent.add(s.name, o.wall.Seconds()*1e3)
			for _, v := range []record.Value{{Metric: "ms", Value: o.wall.Seconds() * 1e3}, {Metric: "processor-ms", Value: o.processor.Seconds() * 1e3}, {Metric: "MiB", Value: o.MiB}} {
				v.Round, v.Place, v.Subject = round, place, s.name
				require.NoError(b, file.Add(v))
			}
		}
	})
	for _, s := range all {
		b.ReportMetric(spent.mean(s.name), strings.ReplaceAll(s.name, " ", "")+"-ms")
	}
}
