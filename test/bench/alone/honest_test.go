package alone

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/test/bench/record"
)

// BenchmarkHonest compares the p99 that each reports with the true one, against a server that stalls for 1 s in every 10:
// clients that wait for an answer before they ask again hardly ask while it stalls.
func BenchmarkHonest(b *testing.B) {
	all := subjects(b)
	file, off := keep(b, "honest", all), sums{}
	rounds(b, all, func(round, place int, s subject) {
		// Whole cycles, whatever part is wanted: a part of one has another p99.
		o := s.run(b, task{URL: server(b, task{Stalls: true}), Rate: 500, For: max(1, lasting(2*cycle).Round(cycle)/cycle) * cycle})
		if math.IsNaN(o.P99) {
			return
		}
		wrong := 100 * math.Abs(o.P99-stallP99) / stallP99
		off.add(s.name, wrong)
		for _, v := range []record.Value{{Metric: "error-%", Value: wrong}, {Metric: "p99-s", Value: o.P99}, {Metric: "requests", Value: float64(o.Requests)}} {
			v.Round, v.Place, v.Subject = round, place, s.name
			require.NoError(b, file.Add(v))
		}
	})
	for _, s := range all {
		if _, measured := off[s.name]; measured {
			b.ReportMetric(off.mean(s.name), s.name+"-error-%")
		}
	}
}
