package load

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// TestOrder pushes and pops in turns: what comes is always the least of those that are there, however late it came, and a clone has
// the same and lives by itself.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := newOrder()
		var there []mark
		least := func(o *order) mark {
			m, ok := o.least()
			require.True(t, ok)
			return m
		}
		now, copied := 0, newOrder()
		var before []mark
		spread := rapid.SampledFrom([]int{0, 3, 200, 5000}).Draw(t, "spread")
		for range rapid.IntRange(1, 30).Draw(t, "turns") {
			for range rapid.IntRange(0, 300).Draw(t, "pushes") {
				now++
				m := mark{at: event.Instant(now - rapid.IntRange(0, spread).Draw(t, "behind")), end: event.Instant(now % 3), ok: now%2 == 0}
				o.push(m)
				there = append(there, m)
			}
			slices.SortFunc(there, func(a, b mark) int {
				switch {
				case a.before(b):
					return -1
				case b.before(a):
					return 1
				}
				return 0
			})
			for _, m := range before {
				require.Equal(t, m, least(&copied), "the clone has changed with the original")
				copied.pop()
			}
			_, left := copied.least()
			require.False(t, left)
			for range rapid.IntRange(0, len(there)).Draw(t, "pops") {
				require.Equal(t, there[0], least(&o))
				o.pop()
				there = there[1:]
			}
			copied, before = o.clone(), slices.Clone(there)
		}
	})
}

// TestOrderForgets: what was taken does not stay in memory.
func TestOrderForgets(t *testing.T) {
	o := newOrder()
	for i := range 1_000_000 {
		o.push(mark{at: event.Instant(i)})
		if i >= 100 {
			o.pop()
		}
	}
	require.Less(t, cap(o.sorted), 4*wasted)
	require.Empty(t, o.late.items)
	o.push(mark{at: 999_901})
	require.Len(t, o.late.items, 1, "one that is far behind would move all that is newer")
}
