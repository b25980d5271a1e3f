package record

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatIsKeptComesBackAsATable(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(dir, "cpu", map[string]string{"wrk": "wrk 4.1.0\n"})
	require.NoError(t, err)
	for round, factor := range []float64{1, 2, 6} { // a machine that gets slower takes nothing from a ratio
		for place, v := range []Value{{Subject: Ours, Value: 30}, {Subject: "wrk", Value: 10}, {Subject: "wrk", Value: 10}, {Subject: Ours, Value: 30}} {
			v.Round, v.Place, v.Metric, v.Value = round+1, place+1, "us/request", v.Value*factor
			require.NoError(t, f.Add(v))
		}
	}
	require.NoError(t, f.Add(Value{Round: 1, Place: 1, Subject: Ours, Metric: "p99-ms", Value: 4}))
	require.NoError(t, f.Close())

	read, err := Read(filepath.Join(dir, "cpu.csv"))
	require.NoError(t, err)
	require.Contains(t, read.Facts, "wrk: wrk 4.1.0")
	require.Len(t, read.Values, 13)
	table := read.Markdown()
	require.Contains(t, table, "| | us/request | p99-ms | chaosctl, of it |\n|-|-|-|-|\n")
	require.Contains(t, table, "| chaosctl | 60 (30 to 180) | 4 |  |\n")
	require.Contains(t, table, "| wrk | 20 (10 to 60) |  | 3.00 (3 rounds) |\n")
}
