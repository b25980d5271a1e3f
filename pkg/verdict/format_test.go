package verdict

import (
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{
		0: "0 %", 1: "100 %", 0.5: "50 %", 0.906: "90.6 %", 1.0 / 3: "33.3 %", 0.999: "99.9 %", 0.9989: "99.89 %", 0.99949: "99.949 %",
		0.9999999: "99.99999 %", 0.0003: "0.03 %", 0.0000003: "0.00003 %", 0.00012345: "0.0123 %", 0.99: "99 %", 0.9994999: "99.95 %",
	} {
		assert.Equal(t, want, percent(share))
	}
}

// TestPercentTellsFromWhole: nothing but all is written as all, nothing but none as none.
func TestPercentTellsFromWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Uint64Range(1, 100_000_000).Draw(t, "total")
		failures := rapid.Uint64Range(0, total).Draw(t, "failures")
		text := percent(1 - float64(failures)/float64(total))
		require.Equal(t, failures == 0, text == "100 %", text)
		require.Equal(t, failures == total, text == "0 %", text)
	})
}

func TestRound(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 1234 * time.Nanosecond: "0s", 12345 * time.Nanosecond: "10µs", 1_234_567: "1.23ms", 12_345_678: "12ms",
		1_234_567_890: "1.23s", 12_345_678_901: "12.3s", 83 * time.Second: "1m23s",
	} {
		assert.Equal(t, want, round(d))
	}
}

// TestAllowedFailures holds the count to exact arithmetic.
func TestAllowedFailures(t *testing.T) {
	assert.Equal(t, uint64(1), AllowedFailures(0.999, 1000))
	assert.Equal(t, uint64(0), AllowedFailures(1, 1<<63))
	assert.Equal(t, uint64(1<<63), AllowedFailures(0, 1<<63))
	rapid.Check(t, func(t *rapid.T) {
		millionths := rapid.Int64Range(0, 100_000_000).Draw(t, "millionths of a percent")
		requests := rapid.Uint64Range(0, 1<<62).Draw(t, "requests")
		var bound experiment.Percent
		require.NoError(t, bound.UnmarshalText([]byte(new(big.Rat).SetFrac64(millionths, 1_000_000).FloatString(6)+"%")))
		want := new(big.Int).Mul(big.NewInt(100_000_000-millionths), new(big.Int).SetUint64(requests))
		want.Div(want, big.NewInt(100_000_000))
		require.Equal(t, want.Uint64(), AllowedFailures(bound, requests))
	})
}

func TestRegistries(t *testing.T) {
	for name, kinds := range map[string]experiment.Kinds{"expectations": Expectations(), "aborts": Aborts()} {
		require.NotEmpty(t, kinds)
		for kind, make := range kinds {
			first, second := make(), make()
			assert.Equal(t, first, second)
			assert.NotSame(t, first, second, "%s %s is shared", name, kind)
		}
	}
	for _, d := range ExpectationDefinitions() {
		assert.NotEmpty(t, d.Summary)
	}
	for _, d := range AbortDefinitions() {
		assert.NotEmpty(t, d.Summary)
	}
}
