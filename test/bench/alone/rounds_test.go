package alone

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/test/bench/record"
)

// keep begins the file of a benchmark.
func keep(b *testing.B, name string, all []subject) *record.File {
	versions := map[string]string{}
	for _, s := range all {
		versions[s.name] = s.version
	}
	file, err := record.Create(*directory, name, versions)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, file.Close()) })
	return file
}

// rounds lets all subjects take turns, forth and back, so that what changes slowly on the machine falls on all alike.
func rounds(b *testing.B, all []subject, turn func(round, place int, s subject)) {
	order := slices.Concat(all, all)
	slices.Reverse(order[len(all):])
	for round := 1; b.Loop(); round++ {
		for place, s := range order {
			turn(round, place+1, s)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// sums adds up a figure of each subject.
type sums map[string][2]float64

func (s sums) add(name string, value float64) {
	s[name] = [2]float64{s[name][0] + value, s[name][1] + 1}
}

func (s sums) mean(name string) float64 { return s[name][0] / s[name][1] }
