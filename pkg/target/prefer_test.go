package target_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/target"
)

// What a plan has shown is chosen again, whatever has come beside it since.
func TestPickKeepsToWhatItPrefers(t *testing.T) {
	self := func(s string) string { return s }
	rapid.Check(t, func(t *rapid.T) {
		draw := target.Draw{Seed: rapid.Int64().Draw(t, "seed"), Label: "kill/1"}
		before := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{4}`), 1, 9, self).Draw(t, "before")
		n := rapid.IntRange(1, len(before)).Draw(t, "n")
		shown := target.Pick(draw, before, n, self)
		draw.Prefer = map[string]bool{}
		for _, s := range shown {
			draw.Prefer[s] = true
		}
		after := append(before, rapid.SliceOfDistinct(rapid.StringMatching(`[A-Z]{4}`), self).Draw(t, "come")...)
		assert.Equal(t, shown, target.Pick(draw, after, n, self))
	})
}
