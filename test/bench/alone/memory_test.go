package alone

import (
	"flag"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/test/bench/record"
)

var memoryFor = flag.Duration("bench.memory", 10*time.Minute, "how long the memory of a load is looked at")

// BenchmarkMemory is the peak of a client that sends 5,000 requests a second, tallies them and keeps each. That it does not
// grow shows where a run of ten times the length has the same.
func BenchmarkMemory(b *testing.B) {
	ours := subjects(b)[:1]
	file := keep(b, "memory", ours)
	address, samples := server(b, task{}), filepath.Join(b.TempDir(), "samples")
	rounds(b, []subject{ours[0]}, func(round, place int, s subject) {
		length := lasting(*memoryFor)
		if place == 1 {
			length /= 10
		}
		o := s.run(b, task{URL: address, Rate: 5000, For: length, Samples: samples})
		for _, v := range []record.Value{{Metric: "peak-MiB", Value: o.MiB}, {Metric: "seconds", Value: length.Seconds()}, {Metric: "requests", Value: float64(o.Requests)}} {
			v.Round, v.Place, v.Subject = round, place, "chaosctl, for "+length.String()
			require.NoError(b, file.Add(v))
		}
		b.ReportMetric(o.MiB, "MiB-in-"+length.String())
		b.ReportMetric(float64(o.Requests)/length.Seconds(), "requests/s-in-"+length.String())
	})
}
