package alone

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/test/bench/record"
)

// BenchmarkCPU compares what a request costs the client, in processor time of its whole process. wrk and h2load send as fast as
// they can, and so wake up less often for each request than those that keep a rate.
func BenchmarkCPU(b *testing.B) {
	all := subjects(b)
	file, cost := keep(b, "cpu", all), sums{}
	t := task{URL: server(b, task{}), Rate: 2000, For: lasting(5 * time.Second)}
	rounds(b, all, func(round, place int, s subject) {
		o := s.run(b, t)
		each := o.processor.Seconds() * 1e6 / float64(o.Requests)
		cost.add(s.name, each)
		require.NoError(b, file.Add(record.Value{Round: round, Place: place, Subject: s.name, Metric: "us/request", Value: each}))
		require.NoError(b, file.Add(record.Value{Round: round, Place: place, Subject: s.name, Metric: "requests", Value: float64(o.Requests)}))
		require.NoError(b, file.Add(record.Value{Round: round, Place: place, Subject: s.name, Metric: "peak-MiB", Value: o.MiB}))
	})
	for _, s := range all {
		b.ReportMetric(cost.mean(s.name), s.name+"-us/request")
	}
	b.ReportMetric(cost.mean("chaosctl")/cost.mean("vegeta"), "of-vegeta")
}
